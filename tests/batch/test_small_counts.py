"""No small count can be worked out of what a batch publishes, and no mark is false."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import nbformat
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.batch import runner
from bhyt_analysis.batch.build import template_path
from bhyt_analysis.batch.build_record import read_build_record
from bhyt_analysis.batch.joint_protection import hidden_by_area, keep_published
from bhyt_analysis.batch.options import BatchOptions
from bhyt_analysis.batch.runner import run_batch
from bhyt_analysis.release.release import release
from bhyt_analysis.tables.hidden_cells import HiddenCells
from bhyt_analysis.tables.published_tables import EXCHANGE
from tests.batch.count_oracle import CountOracle
from tests.batch.small_inputs import write_small_input
from tests.tables.random_counts import random_counts

# seed, communes, groups, months
INPUTS = (
    (1, 5, 6, 3), (2, 3, 12, 2), (3, 4, 8, 2), (4, 2, 5, 4), (5, 6, 3, 2), (6, 3, 4, 3),
    (7, 3, 6, 2), (8, 4, 12, 1), (9, 2, 8, 3), (10, 5, 5, 2), (11, 3, 10, 2), (12, 3, 6, 24),
)  # fmt: skip
BRIEFED = 1  # communes with a briefing of their own, beside that of the district


def _write_briefings(
    folder: Path, source: Path | None, areas: list[str], hidden: dict[str, HiddenCells] | None
) -> None:
    """Write the tables and facts of the briefings of areas, as a batch does."""
    cells = [c for c in nbformat.read(template_path(), 4).cells if c.cell_type == "code"]
    code = "\n".join(c.source for c in cells if "parameters" not in c.metadata.get("tags", []))
    for number, area in enumerate(areas):
        out = folder / str(number)
        out.mkdir(exist_ok=True)
        own = (hidden or {}).get(out.name)
        (out / EXCHANGE).write_text(json.dumps({} if own is None else {"hidden": own.to_dict()}), encoding="utf-8")
        values = {
            "area": area,
            "data": source and str(source),
            "out": str(out),
            "lang": "en",
            "seed": 1,
            "disclosure": "on",
        }
        exec(code, {**dict.fromkeys(("as_of", "scenario", "decision")), **values})
        if hidden is None:
            keep_published(folder, out.name, (out / EXCHANGE).read_text(encoding="utf-8"))


def _oracle(folder: Path, seed: int, communes: int, groups: int, months: int) -> CountOracle:
    people, insured = random_counts(seed, communes, groups, months)
    oracle = CountOracle(people, insured)
    oracle.read(folder / "0", list(range(communes)))
    for i in range(BRIEFED):
        oracle.read(folder / str(i + 1), [i])
    return oracle


@pytest.fixture
def without_pictures(monkeypatch, no_charts):
    """Draw no charts, whose figures are in tables too, and read each input once."""
    load = cache(bhyt.load)
    monkeypatch.setattr(bhyt, "load", lambda data, area: load(data))


@pytest.mark.parametrize("shape", INPUTS, ids=str)
def test_nothing_can_be_worked_out_of_the_tables(tmp_path, without_pictures, shape):
    seed, communes, groups, months = shape
    areas = write_small_input(tmp_path / "input", seed, communes, groups, months)[: BRIEFED + 1]
    _write_briefings(tmp_path, tmp_path / "input", areas, None)
    unprotected = _oracle(tmp_path, *shape)
    hidden = hidden_by_area(tmp_path, [str(i) for i in range(len(areas))])
    _write_briefings(tmp_path, tmp_path / "input", areas, hidden)
    oracle = _oracle(tmp_path, *shape)
    assert oracle.mistakes == []
    assert oracle.recovered() == []
    assert len(oracle.rows) > 10
    if seed == 1:  # what each table hides for itself is not enough: the attack can succeed
        assert unprotected.recovered()


@pytest.mark.parametrize("shape", [INPUTS[3], INPUTS[4], INPUTS[8]], ids=str)
def test_nothing_can_be_worked_out_of_the_constants_of_pages(tmp_path, without_pictures, shape):
    """With people counted before the cards an area is projected: its page has a model unless that tells a count."""
    areas = write_small_input(tmp_path / "input", *shape)[: BRIEFED + 1]
    people = tmp_path / "input" / "population.csv"
    people.write_text(people.read_text("utf-8").replace("2021-06-30", "2020-12-31"), "utf-8")
    _write_briefings(tmp_path, tmp_path / "input", areas, None)
    unprotected = _oracle(tmp_path, *shape)
    hidden = hidden_by_area(tmp_path, [str(i) for i in range(len(areas))])
    _write_briefings(tmp_path, tmp_path / "input", areas, hidden)
    oracle = _oracle(tmp_path, *shape)
    assert oracle.mistakes == [] and oracle.recovered() == []
    assert unprotected.models and oracle.models == {4: [], 5: ["0"], 9: ["1"]}[shape[0]]
    left_out = [str(i) for i in range(len(areas)) if str(i) not in oracle.models]
    texts = [(tmp_path / i / "model.json").read_text("utf-8") for i in left_out]
    assert texts == ['{"left_out":"small"}\n'] * len(left_out)


@pytest.mark.parametrize("area", ["Sơn Dương", "219", "X001", "51@2025-06-30"])
def test_bundled_areas_keep_their_figures(tmp_path, without_pictures, area):
    """None of them has a count of 1 to 4 people, nor one that could be worked out."""
    _write_briefings(tmp_path, None, [area], None)
    assert hidden_by_area(tmp_path, ["0"]) == {}


def test_batch_protects_its_areas_together_also_after_it_was_cut_short(tmp_path, monkeypatch, build_here):
    shape = (3, 4, 8, 2)
    names = write_small_input(tmp_path / "input", *shape)[:2]
    out, options = (
        tmp_path / "out",
        BatchOptions(lang="en", formats=["brief", "docx", "pptx", "xlsx", "card"], jobs=1),
    )

    def killed(*args):
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(runner, "hidden_by_area", killed)
        with pytest.raises(RuntimeError):
            run_batch(tmp_path / "input", out, names, options)
    assert (out / "nho" / "nho.html").is_file()  # not protected yet
    run_batch(tmp_path / "input", out, names[1:], options)
    assert not (out / "nho").exists()
    manifest = run_batch(tmp_path / "input", out, names, options)
    assert {area["slug"]: area["status"] for area in manifest["areas"]} == {"nho": "done", "nho-1": "done"}
    assert not (out / ".bhyt" / "published").exists()
    assert not list(out.rglob(EXCHANGE))
    assert all(read_build_record(out / slug).hidden for slug in ("nho", "nho-1"))
    oracle = CountOracle(*random_counts(*shape))
    oracle.read(out / "nho", [0, 1, 2, 3])
    oracle.read(out / "nho-1", [0])
    assert oracle.mistakes == oracle.recovered() == []
    files = sorted(p for p in out.rglob("*") if p.suffix in (".html", ".csv"))
    assert any("…" in p.read_text(encoding="utf-8") for p in files)
    again = run_batch(tmp_path / "input", out, names, options)
    assert {area["status"] for area in again["areas"]} == {"skipped"}
    assert release(out, tmp_path / "released") is None
