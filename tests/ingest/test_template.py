"""The template contains the whole schema, and the reader can read it."""

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

CHOICE_TYPES = ("kind", "zone", "status", "relation", "unit", "listed", "group", "report_kind", "deadline")


@pytest.fixture(scope="module", params=["vi", "en"])
def template(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "mau.xlsx"
    write_template(path, request.param)
    return request.param, path


def test_tables_have_sheets_and_columns_have_annotated_headings(template):
    lang, path = template
    book = openpyxl.load_workbook(path)
    for table in TABLES:
        sheet = book[sheet_name(table, lang)]
        headings = [c.value for c in sheet[HEADING]][1:]
        names = table_columns(table)[f"name_{lang}"].tolist()
        assert [h.split(" (")[0] if h not in names else h for h in headings] == names
        assert all(c.comment is not None for c in sheet[HEADING][1:])
        assert sheet.freeze_panes == f"B{HEADING + 1}"


def test_every_table_of_the_schema_has_messages():
    assert [t for t in TABLES if not has_message(f"sheet.{t}") or not has_message(f"about.{t}")] == []
    untranslated = schema().query("meaning != '' and meaning_vi == ''")
    assert untranslated[["table", "column"]].to_numpy().tolist() == []


def test_every_choice_has_a_drop_down_that_the_reader_accepts(template):
    lang, path = template
    book = openpyxl.load_workbook(path)
    for table in TABLES:
        sheet = book[sheet_name(table, lang)]
        rules = {
            str(r.sqref).split(":")[0].rstrip("0123456789"): r.formula1 for r in sheet.data_validations.dataValidation
        }
        for i, column in enumerate(table_columns(table).to_dict("records"), 2):
            letter = openpyxl.utils.get_column_letter(i)
            if column["type"] not in CHOICE_TYPES:
                assert letter not in rules
                continue
            place, cells = rules[letter].replace("$", "").replace("'", "").split("!")
            options = [c.value for row in book[place][cells] for c in row]
            keys = [choice_words(column["type"]).get(normalise_name(o)) for o in options]
            expected = list(groups().index) if column["type"] == "group" else None
            assert None not in keys
            assert len(set(keys)) == len(keys)
            assert expected is None or keys == expected


def test_example_rows_of_an_empty_template_are_not_read(template):
    _, path = template
    findings = bhyt.check(path, "en")
    assert findings.loc[findings["severity"] == "error", "rule"].tolist() == ["empty_input"]
    assert findings["rule"].value_counts().to_dict() == {"example_row": len(TABLES), "empty_input": 1}


def test_template_never_overwrites_a_file(tmp_path, capsys):
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
    """Draw rows of population, cards and targets by their keys, as the reader must return them."""
    codes, keys = st.sampled_from(CODES), st.sampled_from(list(groups().index))
    people = st.tuples(COUNTS, st.one_of(st.none(), COUNTS), TEXT)
    population = draw(st.dictionaries(st.tuples(codes, DAYS), people, max_size=6))
    cards = draw(st.dictionaries(st.tuples(codes, DAYS, keys), st.tuples(COUNTS, TEXT), max_size=8))
    rates = st.tuples(st.sampled_from(["=", ">=", "ratchet"]), st.integers(1, 1000))
    return population, cards, draw(st.dictionaries(DAYS, rates, max_size=4))


EMPTY: dict[str, bytes] = {}


def empty(lang, folder):
    """Return a new copy of the template, which is generated once."""
    path = Path(folder) / "mau.xlsx"
    if lang not in EMPTY:
        write_template(path, lang)
        EMPTY[lang] = path.read_bytes()
    path.write_bytes(EMPTY[lang])
    return path


@settings(max_examples=12)
@given(filled(), st.sampled_from(["vi", "en"]))
def test_filled_template_is_read_back_unchanged(rows, lang):
    population, cards, targets = rows
    with TemporaryDirectory() as folder:
        path = empty(lang, folder)
        book = openpyxl.load_workbook(path)
        fill_all(book, lang, population, cards, targets)
        book.save(path)
        check = checks.check_across_tables
        checks.check_across_tables = lambda tables: []  # this test is about cells, not about tables together
        try:
            data, findings = loader.read_input(path)
        finally:
            checks.check_across_tables = check
    assert data is not None, findings
    assert {
        (r.area, r.as_of.date()): (int(r.people), None if pd.isna(r.households) else int(r.households), r.source)
        for r in data.population.itertuples()
    } == population
    assert {(r.area, r.as_of.date(), r.group): (int(r.cards), r.source) for r in data.cards.itertuples()} == cards
    rates = {d: (relation, share / 1000) for d, (relation, share) in targets.items()}
    assert {r.on.date(): (r.relation, r.rate) for r in data.targets.itertuples()} == rates


def fill_all(book, lang, population, cards, targets):
    kinds = [choice_name("kind", kind, lang) for kind in ("district", "commune")]
    fill(
        book, "areas", lang, [["T9", "Huyện Khe Sâu", kinds[0], None], *([c, f"Xã {c}", kinds[1], "T9"] for c in CODES)]
    )
    status = choice_name("status", "published", lang)
    rows = [[*key, people, homes, *[None] * 8, status, source] for key, (people, homes, source) in population.items()]
    fill(book, "population", lang, rows)
    rows = [[a, d, choice_name("group", g, lang), n, status, source] for (a, d, g), (n, source) in cards.items()]
    fill(book, "cards", lang, rows)
    rows = [["T9", "all", d, choice_name("relation", r, lang), s / 1000, "KH"] for d, (r, s) in targets.items()]
    fill(book, "targets", lang, rows)


def fill(book, table, lang, rows):
    sheet = book[sheet_name(table, lang)]
    for i, row in enumerate(rows, HEADING + 2):
        for j, value in enumerate(row, 2):
            sheet.cell(i, j, value)
