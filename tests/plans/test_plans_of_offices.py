"""Plans as other offices write them: each is read as its table, worked out by hand from the text, says."""

import csv
import unicodedata
from pathlib import Path

import pytest

from bhyt_analysis.ingest.vietnamese_text import VNI
from bhyt_analysis.plans.plan import read_plan

OFFICES = Path(__file__).with_name("offices")
NAMES = sorted(p.stem for p in OFFICES.glob("*.csv"))
COLUMNS = ("table", "area", "name", "value", "unit", "base", "on", "relation")


def expected(name):
    with (OFFICES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return sorted(tuple(row[c] for c in COLUMNS) for row in csv.DictReader(file))


def text_of(name):
    return next(p for p in OFFICES.glob(f"{name}.*") if p.suffix != ".csv")


def percent(share):
    return "" if share == "" else f"{100 * float(share):.6g}"


def rows_read(path):
    """Return the published figures, targets and questions that are read, as the tables by hand have them."""
    plan, rows = read_plan(path), []
    for entry in plan.entries.rows:
        cells = {key: "" if value is None else value for key, value in entry.cells.items()}
        if entry.table == "published":
            value = "" if cells["value"] == "" else f"{cells['value']:.15g}"
            own = cells["figure"], value, cells["unit"], cells["base"], cells["as_of"]
        elif entry.table == "targets":
            own = (
                cells["scope"],
                percent(cells["rate"]),
                "percent",
                f"{cells['of']} {cells['kind']}".strip(),
                cells["on"],
            )
        else:
            continue
        rows.append((entry.table, cells["area"], *own, cells["relation"]))
    return sorted(rows + [("question", "", q.kind, q.number, "", "", "", "") for q in plan.entries.questions])


@pytest.mark.parametrize("name", NAMES)
def test_plan_of_an_office_is_read_as_by_hand(name):
    assert rows_read(text_of(name)) == expected(name)


@pytest.mark.parametrize("name", ["xa_2026", "bao_cao_2024"])
def test_decomposed_letters_are_read_alike(name, tmp_path):
    path = tmp_path / f"{name}.txt"
    path.write_text(unicodedata.normalize("NFD", text_of(name).read_text(encoding="utf-8")), encoding="utf-8")
    assert rows_read(path) == expected(name)


# --- The four plans of the data in other words: what `data` holds of them was typed from the plans themselves ---

DATA = Path(__file__).parents[2] / "data"
OWN = {
    "son_duong": ("son_duong.txt", "huyện Sơn Dương"),
    "luc_ngan": ("luc_ngan.md", "Lục Ngạn"),
    "son_la": ("son_la.md", "Sơn La"),
    "quang_ngai": ("quang_ngai.txt", "Quảng Ngãi"),
}


def data_rows(table):
    with (DATA / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("document", OWN)
def test_own_plans_have_the_figures_and_targets_of_the_data(document):
    file, name = OWN[document]
    rows = set(rows_read(Path(__file__).with_name("texts") / file))
    figures = {
        ("published", r["area"], r["figure"], r["value"], r["unit"], r["base"], r["as_of"], r["relation"])
        for r in data_rows("published")
        if r["document"] == document
    }
    targets = {
        (
            "targets",
            r["area"],
            r["scope"],
            percent(r["rate"]),
            "percent",
            f"{r['of']} {r['kind']}".strip(),
            r["on"],
            r["relation"],
        )
        for r in data_rows("targets")
        if name in r["instrument"]
    }
    assert figures | targets <= rows
    assert {row for row in rows if row[0] == "targets"} == targets


def test_text_in_an_old_font_is_read_alike(tmp_path):
    text = text_of("bao_cao_2024").read_text(encoding="utf-8")
    codes = {letter: pair for pair, letter in VNI.items()}
    path = tmp_path / "bao_cao_2024.txt"
    path.write_text("".join(codes.get(letter, letter) for letter in text), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text
    assert rows_read(path) == expected("bao_cao_2024")
