"""Damaged files give findings or the true numbers, never a traceback."""

import random
import zipfile
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.domain import findings
from bhyt_analysis.ingest.loader import read_input

from .offices import CARDS, PEOPLE, WIDE, as_text, office, write_ods, write_xlsx

RIGHT = {5120, 4230, 8000, 1200, 1000, 2100, 2000, 1300, 800, 30, 5500}
WORDS = [
    *(
        "",
        " ",
        "-",
        "Tổng cộng",
        "STT",
        "Ghi chú: x",
        "#REF!",
        "=1+1",
        "1.234",
        "85,1%",
        "31/12/2021",
        "Phì Diền",
        "HN",
    ),
    *("\u00a0", "X· Kiªn", "e" * 300, "Dân số", "None", "nan", "1e5", "٣", "９", "0x10", "Infinity"),
    *(True, -1, 1e300, 0.5, 44377, 7.0),
]


def read(path):
    """Return the dataset or None; all findings have their messages in both languages."""
    data, issues = read_input(path)
    for lang in ("vi", "en"):
        assert len(findings.findings_table(issues, lang, ["file", "row", "column"])) == len(issues)
    assert (data is None) == findings.has_errors(issues)
    return data


@cache
def valid_bytes(name="so_lieu.xlsx"):
    """Return a valid workbook, the same bytes each time."""
    write = write_ods if name.endswith(".ods") else write_xlsx
    with TemporaryDirectory() as folder:
        return write(Path(folder) / name, office(**{"Số thẻ": WIDE})).read_bytes()


@settings(max_examples=30)
@given(st.data(), st.sampled_from(["so_lieu.xlsx", "so_lieu.ods"]))
def test_flipped_and_lost_bytes_never_raise(data, name):
    with TemporaryDirectory() as folder:
        content = bytearray(valid_bytes(name))
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        path = Path(folder) / name
        path.write_bytes(bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))]))
        dataset = read(path)
    if dataset is not None:  # the archive keeps a checksum of its content
        assert set(map(int, dataset.population["people"])) <= RIGHT


@settings(max_examples=30)
@given(st.randoms(use_true_random=False))
def test_damaged_xml_in_a_workbook_gives_no_wrong_number(rng):
    """Cut, double or swap tags of a sheet, but no digits: every number in the dataset is a true one."""
    with TemporaryDirectory() as folder:
        source = zipfile.ZipFile(BytesIO(valid_bytes()))
        parts = source.namelist()
        path = Path(folder) / "so_lieu.xlsx"
        target = rng.choice([n for n in parts if n.endswith((".xml", ".rels"))])
        with zipfile.ZipFile(path, "w") as archive:
            for name in parts:
                text = source.read(name).decode()
                archive.writestr(name, damage(text, rng) if name == target else text)
        data = read(path)
    if data is not None:
        assert set(map(int, data.population["people"])) <= RIGHT
        assert set(map(int, data.cards["cards"])) <= RIGHT


def damage(text, rng):
    """Return a text with some tags removed, doubled or swapped, or truncated."""
    tags = text.replace("><", ">\0<").split("\0")
    for _ in range(rng.randint(1, 3)):
        i, j = rng.randrange(len(tags)), rng.randrange(len(tags))
        change = rng.choice(["cut", "double", "swap", "short"])
        if change == "cut":
            tags[i] = ""
        elif change == "double":
            tags[i] += tags[i]
        elif change == "swap":
            tags[i], tags[j] = tags[j], tags[i]
        else:
            tags = tags[: max(1, i)]
    return "".join(tags)


@settings(max_examples=40)
@given(st.randoms(use_true_random=False), st.booleans())
def test_arbitrary_cells_give_right_numbers_or_a_finding(rng, wide):
    """Put arbitrary cells anywhere: each is reported, or lies where nothing is read."""
    sheets = office(**{"Số thẻ": WIDE if wide else CARDS})
    inserted = []
    for _ in range(rng.randint(1, 5)):
        rows = sheets[rng.choice(list(sheets))]
        row = rng.choice(rows)
        word = rng.choice(WORDS)
        row[rng.randrange(len(row))] = word
        inserted.append(word)
    if rng.random() < 0.3:
        sheets["Dân số"].insert(rng.randrange(4), [rng.choice(WORDS) for _ in range(6)])
    with TemporaryDirectory() as folder:
        data = read(write_xlsx(Path(folder) / "so_lieu.xlsx", sheets))
    if data is not None:
        allowed = RIGHT | {7, 44377, 2} if not {7.0, 44377} & set(inserted) else RIGHT | {7, 44377}
        assert set(map(int, data.population["people"])) <= allowed
        assert set(map(int, data.cards["cards"])) <= allowed


@settings(max_examples=60)
@given(st.randoms(use_true_random=False), st.sampled_from(["utf-8", "utf-16", "cp1258", "latin-1"]))
def test_damaged_csv_files_never_raise(rng, encoding):
    text = as_text(PEOPLE, rng.choice([",", ";", "\t"]))
    letters = list(text)
    for _ in range(rng.randint(1, 6)):
        letters[rng.randrange(len(letters))] = rng.choice(
            ['"', "\n", "\r", ",", ";", "\t", "\0", "ế", "·", "\u0301", "'", " "]
        )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "population.csv"
        path.write_bytes("".join(letters).encode(encoding, errors="replace"))
        read(path)


OTHER_KINDS = [
    b"",
    b"\0",
    b"PK\x03\x04",
    b"PK\x05\x06" + bytes(18),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"<html><table></table>",
    random.Random(1).randbytes(3000),
]


@pytest.mark.parametrize("content", OTHER_KINDS)
@pytest.mark.parametrize("name", ["a.xlsx", "a.xls", "a.ods", "a.csv", "cards.csv"])
def test_files_of_another_kind_are_reported(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    rows = bhyt.check(path, "en")
    assert (rows["severity"] == "error").any()
    assert rows["message"].str.len().gt(0).all()
