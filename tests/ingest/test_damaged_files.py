"""Damaged files: whatever is in them, reading ends in sentences or in the true numbers, never in a traceback."""

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
WORDS = ["", " ", "-", "Tổng cộng", "STT", "Ghi chú: x", "#REF!", "=1+1", "1.234", "85,1%", "31/12/2021", "Phì Diền", "HN", "\u00a0", "X· Kiªn", "e" * 300, "Dân số", "None", "nan", "1e5", "٣", "９", "0x10", "Infinity", True, -1, 1e300, 0.5, 44377, 7.0]  # fmt: skip


def told(path):
    """What reading a path ends in: the dataset or None, and its sentences in both languages."""
    data, found = read_input(path)
    for lang in ("vi", "en"):
        assert len(findings.findings_table(found, lang, ["file", "row", "column"])) == len(found)
    assert (data is None) == findings.has_errors(found)
    return data, found


@cache
def sound_bytes(name="so_lieu.xlsx"):
    """A sound workbook, the same bytes each time."""
    write = write_ods if name.endswith(".ods") else write_xlsx
    with TemporaryDirectory() as folder:
        return write(Path(folder) / name, office(**{"Số thẻ": WIDE})).read_bytes()


@settings(max_examples=30)
@given(st.data(), st.sampled_from(["so_lieu.xlsx", "so_lieu.ods"]))
def test_flipped_and_lost_bytes_never_end_in_a_traceback(data, name):
    with TemporaryDirectory() as folder:
        content = bytearray(sound_bytes(name))
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        path = Path(folder) / name
        path.write_bytes(bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))]))
        read_data, _ = told(path)
    if read_data is not None:  # the archive keeps a checksum of what it holds
        assert set(map(int, read_data.population["people"])) <= RIGHT


@settings(max_examples=30)
@given(st.randoms(use_true_random=False))
def test_spoilt_xml_inside_a_workbook_gives_no_wrong_number(luck):
    """Tags and attributes of a sheet are cut, doubled or swapped; digits are left alone, so every number read is a true one."""
    with TemporaryDirectory() as folder:
        source = zipfile.ZipFile(BytesIO(sound_bytes()))
        parts = source.namelist()
        path = Path(folder) / "so_lieu.xlsx"
        victim = luck.choice([n for n in parts if n.endswith((".xml", ".rels"))])
        with zipfile.ZipFile(path, "w") as archive:
            for name in parts:
                text = source.read(name).decode()
                archive.writestr(name, spoilt(text, luck) if name == victim else text)
        data, _ = told(path)
    if data is not None:
        assert set(map(int, data.population["people"])) <= RIGHT
        assert set(map(int, data.cards["cards"])) <= RIGHT


def spoilt(text, luck):
    """A text with some of its tags cut out, doubled or swapped, or cut short."""
    tags = text.replace("><", ">\0<").split("\0")
    for _ in range(luck.randint(1, 3)):
        i, j = luck.randrange(len(tags)), luck.randrange(len(tags))
        how = luck.choice(["cut", "double", "swap", "short"])
        if how == "cut":
            tags[i] = ""
        elif how == "double":
            tags[i] += tags[i]
        elif how == "swap":
            tags[i], tags[j] = tags[j], tags[i]
        else:
            tags = tags[: max(1, i)]
    return "".join(tags)


@settings(max_examples=60)
@given(st.randoms(use_true_random=False), st.booleans())
def test_cells_of_any_kind_anywhere_end_in_the_right_numbers_or_in_a_finding(luck, wide):
    """A cell that is not one of the sound figures is either told or was put where nothing is read."""
    sheets = office(**{"Số thẻ": WIDE if wide else CARDS})
    put = []
    for _ in range(luck.randint(1, 5)):
        rows = sheets[luck.choice(list(sheets))]
        row = luck.choice(rows)
        word = luck.choice(WORDS)
        row[luck.randrange(len(row))] = word
        put.append(word)
    if luck.random() < 0.3:
        sheets["Dân số"].insert(luck.randrange(4), [luck.choice(WORDS) for _ in range(6)])
    with TemporaryDirectory() as folder:
        data, _ = told(write_xlsx(Path(folder) / "so_lieu.xlsx", sheets))
    if data is not None:
        allowed = RIGHT | {7, 44377, 2} if not {7.0, 44377} & set(put) else RIGHT | {7, 44377}
        assert set(map(int, data.population["people"])) <= allowed
        assert set(map(int, data.cards["cards"])) <= allowed


@settings(max_examples=60)
@given(st.randoms(use_true_random=False), st.sampled_from(["utf-8", "utf-16", "cp1258", "latin-1"]))
def test_damaged_csv_files_never_end_in_a_traceback(luck, encoding):
    text = as_text(PEOPLE, luck.choice([",", ";", "\t"]))
    letters = list(text)
    for _ in range(luck.randint(1, 6)):
        letters[luck.randrange(len(letters))] = luck.choice(
            ['"', "\n", "\r", ",", ";", "\t", "\0", "ế", "·", "\u0301", "'", " "]
        )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "population.csv"
        path.write_bytes("".join(letters).encode(encoding, errors="replace"))
        told(path)


@pytest.mark.parametrize("content", [b"", b"\0", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"<html><table></table>", random.Random(1).randbytes(3000)])  # fmt: skip
@pytest.mark.parametrize("name", ["a.xlsx", "a.xls", "a.ods", "a.csv", "cards.csv"])
def test_files_that_are_something_else_are_told(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    found = bhyt.check(path, "en")
    assert (found["severity"] == "error").any()
    assert found["message"].str.len().gt(0).all()
