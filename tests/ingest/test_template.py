"""What the template writes, the reader reads; and the template holds all of the schema."""

import datetime as dt
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.cli import main
from bhyt_analysis.domain.dataset import TABLES
from bhyt_analysis.domain.schema import schema, table_columns
from bhyt_analysis.i18n.messages import BhytError, has_message
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest import loader
from bhyt_analysis.ingest.cell_types import choice_words
from bhyt_analysis.ingest.template import HEADING, choice_name, sheet_name, write_template
from bhyt_analysis.law import groups
from bhyt_analysis.quality import checks


@pytest.fixture(scope="module", params=["vi", "en"])
def template(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "mau.xlsx"
    write_template(path, request.param)
    return request.param, path


def test_every_table_has_its_sheet_and_every_column_its_heading_with_a_note(template):
    lang, path = template
    book = openpyxl.load_workbook(path)
    for table in TABLES:
        sheet = book[sheet_name(table, lang)]
        headings = [c.value for c in sheet[HEADING]][1:]
        told = table_columns(table)[f"name_{lang}"].tolist()
        assert [h.split(" (")[0] if h not in told else h for h in headings] == told
        assert all(c.comment is not None for c in sheet[HEADING][1:])
        assert sheet.freeze_panes == f"B{HEADING + 1}"


def test_every_table_of_the_schema_has_words_of_its_own():
    assert [t for t in TABLES if not has_message(f"sheet.{t}") or not has_message(f"about.{t}")] == []
    lacking = schema().query("meaning != '' and meaning_vi == ''")
    assert lacking[["table", "column"]].to_numpy().tolist() == []


def test_every_choice_has_a_drop_down_that_the_reader_understands(template):
    lang, path = template
    book = openpyxl.load_workbook(path)
    for table in TABLES:
        sheet = book[sheet_name(table, lang)]
        rules = {
            str(r.sqref).split(":")[0].rstrip("0123456789"): r.formula1 for r in sheet.data_validations.dataValidation
        }
        for i, column in enumerate(table_columns(table).to_dict("records"), 2):
            at = openpyxl.utils.get_column_letter(i)
            if column["type"] not in (
                "kind",
                "zone",
                "status",
                "relation",
                "unit",
                "listed",
                "group",
                "report_kind",
                "deadline",
            ):
                assert at not in rules
                continue
            place, cells = rules[at].replace("$", "").replace("'", "").split("!")
            options = [c.value for row in book[place][cells] for c in row]
            keys = [choice_words(column["type"]).get(normalise_name(o)) for o in options]
            expected = list(groups().index) if column["type"] == "group" else None
            assert None not in keys
            assert len(set(keys)) == len(keys)
            assert expected is None or keys == expected


def test_an_empty_template_is_empty_and_its_example_rows_are_not_read(template):
    _, path = template
    found = bhyt.check(path, "en")
    assert found.loc[found["severity"] == "error", "rule"].tolist() == ["empty_input"]
    assert found["rule"].value_counts().to_dict() == {"example_row": len(TABLES), "empty_input": 1}


def test_a_file_is_never_written_over(tmp_path, capsys):
    path = tmp_path / "mau.xlsx"
    assert main(["template", str(path)]) == 0
    filled = path.read_bytes()
    assert main(["template", str(path)]) == 2
    assert "đã có tệp này" in capsys.readouterr().err
    assert path.read_bytes() == filled
    assert [p.name for p in tmp_path.iterdir()] == ["mau.xlsx"]
    with pytest.raises(BhytError, match="folder"):
        write_template(tmp_path / "no" / "mau.xlsx")


# --- Round trip ---

CODES = ["T901", "T902", "T903"]
DAYS = st.dates(dt.date(2016, 1, 1), dt.date(2030, 12, 31))
COUNTS = st.integers(0, 10**7)
WORDS = [
    "BHXH",
    "huyện",
    "Sơn Dương",
    "QĐ 861/QĐ-TTg",
    "Ú",
    "ở",
    "thống kê",
    "12/KH-UBND",
    "1.234",
    "85,1%",
    "«x»",
    "tháng 7",
]
TEXT = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)


@st.composite
def filled(draw):
    """Rows of population, cards and targets: key by key what the reader must give back."""
    population = draw(st.dictionaries(st.tuples(st.sampled_from(CODES), DAYS), st.tuples(COUNTS, st.one_of(st.none(), COUNTS), TEXT), max_size=6))  # fmt: skip
    cards = draw(st.dictionaries(st.tuples(st.sampled_from(CODES), DAYS, st.sampled_from(list(groups().index))), st.tuples(COUNTS, TEXT), max_size=8))  # fmt: skip
    targets = draw(st.dictionaries(DAYS, st.tuples(st.sampled_from(["=", ">=", "ratchet"]), st.integers(1, 1000)), max_size=4))  # fmt: skip
    return population, cards, targets


EMPTY: dict[str, bytes] = {}


def empty(lang, folder):
    """A new copy of the template, which is written once."""
    path = Path(folder) / "mau.xlsx"
    if lang not in EMPTY:
        write_template(path, lang)
        EMPTY[lang] = path.read_bytes()
    path.write_bytes(EMPTY[lang])
    return path


@settings(max_examples=12)
@given(filled(), st.sampled_from(["vi", "en"]))
def test_what_is_filled_in_is_what_is_read(rows, lang):
    population, cards, targets = rows
    with TemporaryDirectory() as folder:
        path = empty(lang, folder)
        book = openpyxl.load_workbook(path)
        fill(book, "areas", lang, [["T9", "Huyện Khe Sâu", choice_name("kind", "district", lang), None], *([c, f"Xã {c}", choice_name("kind", "commune", lang), "T9"] for c in CODES)])  # fmt: skip
        status = choice_name("status", "published", lang)
        fill(book, "population", lang, [[a, d, people, homes, *[None] * 8, status, source] for (a, d), (people, homes, source) in population.items()])  # fmt: skip
        fill(book, "cards", lang, [[a, d, choice_name("group", g, lang), n, status, source] for (a, d, g), (n, source) in cards.items()])  # fmt: skip
        fill(book, "targets", lang, [["T9", "all", d, choice_name("relation", r, lang), share / 1000, "KH"] for d, (r, share) in targets.items()])  # fmt: skip
        book.save(path)
        kept = checks.check_across_tables
        checks.check_across_tables = lambda tables: []  # the cells are asked about here and not what they say together
        try:
            data, found = loader.read_input(path)
        finally:
            checks.check_across_tables = kept
    assert data is not None, found
    day = lambda t: t.date()  # noqa: E731
    homes = lambda n: None if pd.isna(n) else int(n)  # noqa: E731
    assert {(r.area, day(r.as_of)): (int(r.people), homes(r.households), r.source) for r in data.population.itertuples()} == population  # fmt: skip
    assert {(r.area, day(r.as_of), r.group): (int(r.cards), r.source) for r in data.cards.itertuples()} == cards
    assert {day(r.on): (r.relation, r.rate) for r in data.targets.itertuples()} == {d: (r, s / 1000) for d, (r, s) in targets.items()}  # fmt: skip


def fill(book, table, lang, rows):
    sheet = book[sheet_name(table, lang)]
    for i, row in enumerate(rows, HEADING + 2):
        for j, value in enumerate(row, 2):
            sheet.cell(i, j, value)
