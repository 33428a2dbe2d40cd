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
from bhyt_analysis.domain.schema import choice_name, schema, table_columns, table_name
from bhyt_analysis.i18n.messages import BhytError, has_message
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest import loader
from bhyt_analysis.ingest.cell_types import CONVERTERS, CellOptions, choice_words
from bhyt_analysis.ingest.template import HEADING, write_template
from bhyt_analysis.law import groups
from bhyt_analysis.quality import checks

CHOICE_TYPES = (
    "kind", "zone", "status", "relation", "unit", "figure_unit", "figure_relation", "listed", "report_kind", "deadline",
    "group", "scope",
)  # fmt: skip


@pytest.fixture(scope="module", params=["vi", "en"])
def template(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "mau.xlsx"
    write_template(path, request.param)
    return request.param, path


def test_tables_have_sheets_and_columns_have_annotated_headings(template):
    lang, path = template
    book = openpyxl.load_workbook(path)
    for table in TABLES:
        sheet = book[table_name(table, lang)]
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
        sheet = book[table_name(table, lang)]
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
    assert findings["rule"].tolist() == ["empty_input"]  # nothing else is to be said of sheets without rows


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
    sheet = book[table_name(table, lang)]
    for i, row in enumerate(rows, HEADING + 2):
        for j, value in enumerate(row, 2):
            sheet.cell(i, j, value)


# --- A template about areas ---

TODAY = "2026-02-10"
BAT_XAT, SA_PA, CHU = "02683", "03006", "07525"  # by the statistics office's list of July 2025
# Published registered people of 2025 (sapnhap.bando.com.vn).
REGISTERED = {BAT_XAT: 27229, SA_PA: 22882, CHU: 58409}
# Census 2019: Bát Xát town, Bản Vược, Bản Qua, Quang Kim and Phìn Ngan, which all became Xã Bát Xát.
CENSUS_OF_BAT_XAT = 5607 + 4161 + 6113 + 6250 + 3079


@pytest.fixture(scope="module")
def province(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "lao_cai.xlsx"
    assert write_template(path, areas=["Lào Cai"], today=TODAY) == []
    return path


def rows_of(path, name, lang="vi"):
    """Return the rows of a sheet by their headings, without the units in brackets."""
    sheet = openpyxl.load_workbook(path)[table_name(name, lang)]
    headings = [c.value.split(" (")[0] for c in sheet[HEADING]]
    return pd.DataFrame([[c.value for c in row] for row in sheet.iter_rows(HEADING + 1)], columns=headings)


def type_counts(path, count=10):
    """Type a count into every yellow cell and return how many groups each commune has."""
    book = openpyxl.load_workbook(path)
    yellow = [c for row in book["Số thẻ"].iter_rows(HEADING + 1) for c in row if c.fill.fgColor.rgb == "00FFF2CC"]
    for cell in yellow:
        assert cell.value is None
        cell.value = count
    book.save(path)
    return len({c.column for c in yellow})


def test_province_has_its_99_communes_people_and_zones(province):
    units = rows_of(province, "areas")
    assert units["Cấp"].value_counts().to_dict() == {"Xã": 99, "Tỉnh": 1, "Cả nước": 1}
    assert units.set_index("Mã đơn vị").at[BAT_XAT, "Tên đơn vị"] == "Xã Bát Xát"
    people = rows_of(province, "population").set_index(["Mã đơn vị", "Ngày số liệu"])
    registered, census = (people.loc[(BAT_XAT, day)] for day in (dt.datetime(2025, 7, 1), dt.datetime(2019, 4, 1)))
    assert registered[["Dân số", "Tình trạng số liệu"]].tolist() == [REGISTERED[BAT_XAT], "Công bố"]
    assert census[["Dân số", "Tình trạng số liệu"]].tolist() == [CENSUS_OF_BAT_XAT, "Tính toán"]
    assert people["Nguồn"].notna().all()
    # Decision 2752/QĐ-UBND of 31 December 2025: 12, 36 and 47 communes; 4 of the 99 are in no zone.
    zones = rows_of(province, "zones")["Khu vực"].value_counts().to_dict()
    assert zones == {"Khu vực I": 12, "Khu vực II": 36, "Khu vực III": 47, "Ngoài danh sách": 4}


def test_province_has_the_targets_to_come(province):
    # Directive 52-CT/TW: above 95% in 2026, all by 2030; Lào Cai has no plan in the bundled data.
    targets = rows_of(province, "targets")
    assert targets["Phạm vi"].tolist() == ["Toàn dân"] * 2
    assert targets["Tên đơn vị"].tolist() == ["Việt Nam"] * 2
    assert [d.date().isoformat() for d in targets["Thời điểm"]] == ["2026-12-31", "2030-12-31"]
    assert targets["Chỉ tiêu"].tolist() == [0.95, 1]
    assert targets["Văn bản"].str.startswith("Chỉ thị 52-CT/TW").all()


def test_province_is_read_back_and_gives_coverage_once_typed(province, tmp_path):
    path = tmp_path / "filled.xlsx"
    path.write_bytes(province.read_bytes())
    assert "error" not in set(bhyt.check(path)["severity"])
    assert bhyt.load(path).cards.empty  # an empty cell is no count
    insured = 10 * type_counts(path)
    data = bhyt.load(path)
    assert {d.date().isoformat() for d in data.cards["as_of"]} == {"2026-01-31"}
    now = bhyt.area(data, "Lào Cai").coverage().iloc[0]
    assert (now["name"], now["insured"]) == ("Tỉnh Lào Cai", 99 * insured)
    assert abs(now["population"] - 1_778_785) <= 1  # Resolution 202/2025/QH15; some communes are rounded estimates
    communes = bhyt.area(data, "Lào Cai").coverage(["commune"]).set_index("area")
    assert len(communes) == 99
    assert communes.at[BAT_XAT, "rate"] == pytest.approx(insured / REGISTERED[BAT_XAT])


def test_sheets_of_a_province_suit_excel(province):
    book = openpyxl.load_workbook(province)
    cards, people = book["Số thẻ"], book["Dân số"]
    assert (cards.freeze_panes, cards.print_title_rows) == ("D3", "$1:$2")
    assert [cards.cell(3, i).number_format for i in (2, 4, 5)] == ["@", "dd/mm/yyyy", "#,##0"]
    assert people.cell(3, 5).number_format == "#,##0"
    assert isinstance(people.cell(3, 2).value, str)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_communes_of_two_provinces_give_no_findings(tmp_path, lang):
    path = tmp_path / "list.xlsx"
    write_template(path, lang, ["Xã Bát Xát", SA_PA, "Phường Chũ"], TODAY)
    data = bhyt.load(path)
    assert bhyt.check(path).empty
    assert data.areas["code"].tolist() == ["VN", "15", "24", BAT_XAT, SA_PA, CHU]
    assert data.areas["listed"].tolist() == ["some"] * 3 + [""] * 3
    people = data.population[data.population["as_of"] == "2025-07-01"]
    assert dict(zip(people["area"], people["people"], strict=True)) == REGISTERED
    assert rows_of(path, "cards", lang).iloc[:, 1].tolist() == [BAT_XAT, SA_PA, CHU]


def test_targets_of_the_province_and_for_each_commune_are_filled_in(tmp_path):
    path = tmp_path / "son_la.xlsx"
    write_template(path, areas=["Phường Tô Hiệu"], today=TODAY)
    targets = bhyt.load(path).targets
    # The plan of Sơn La: 96.35% in 2030, every pupil, and no commune below the year before.
    rows = targets[targets["of"].eq("14") | targets["area"].eq("14")]
    assert rows[["area", "scope", "relation"]].to_numpy().tolist() == [
        ["14", "all", ">"],
        ["14", "student", "="],
        ["each", "all", "ratchet"],
    ]
    assert rows["rate"].tolist()[:2] == [0.9635, 1]


# Decision 2752 has a list of all 99 communes of Lào Cai; none is published for Cao Bằng; of the 130 communes of Nghệ An
# 51 are in the list of Decision 60.
@pytest.mark.parametrize(
    ("area", "part"),
    [
        ("Lào Cai", "99 xã, phường của tỉnh Lào Cai: mã, tên, dân số, khu vực, chỉ tiêu."),
        ("Cao Bằng", "56 xã, phường của tỉnh Cao Bằng: mã, tên, dân số, chỉ tiêu."),
        ("Nghệ An", "130 xã, phường của tỉnh Nghệ An: mã, tên, dân số, khu vực (51 xã, phường), chỉ tiêu."),
    ],
)
def test_the_guide_names_only_what_is_filled_in(tmp_path, area, part):
    write_template(tmp_path / "mau.xlsx", "vi", [area], TODAY)
    guide = openpyxl.load_workbook(tmp_path / "mau.xlsx").worksheets[0]
    assert part in guide["A3"].value


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_whom_a_target_is_about_is_written_in_words_and_read_back(lang):
    for scope in [*pd.read_csv(Path("data/targets.csv"))["scope"].unique(), "student_who_lost", *groups().index]:
        name = choice_name("scope", scope, lang)
        assert "_" not in name
        assert name != scope
        assert CONVERTERS["scope"][0](name, CellOptions()) == scope


def test_an_old_district_gives_the_communes_that_it_became(tmp_path, capsys):
    path = tmp_path / "bat_xat.xlsx"
    assert main(["template", str(path), "--area", "Huyện Bát Xát"]) == 0
    output = capsys.readouterr()
    assert output.out.strip() == str(path)
    # Resolution 1673/NQ-UBTVQH15; Tòng Sành went to Cốc San.
    names = ["Bát Xát", "A Mú Sung", "Trịnh Tường", "Y Tý", "Dền Sáng", "Bản Xèo", "Mường Hum", "Cốc San"]
    assert "Huyện Bát Xát không còn từ sau ngày 30/06/2025" in output.err
    assert output.err.strip().endswith(", ".join(f"xã {n}" for n in names) + ".")
    assert rows_of(path, "cards")["Tên đơn vị"].tolist() == [f"Xã {n}" for n in names]


def test_a_wrong_name_gives_one_sentence_and_no_file(tmp_path, capsys):
    path = tmp_path / "wrong.xlsx"
    assert main(["template", str(path), "--area", "Xã Bát Xạt"]) == 2
    assert capsys.readouterr().err == 'Không có đơn vị nào tên "Xã Bát Xạt"; có phải Xã Bát Xát?\n'
    assert list(tmp_path.iterdir()) == []


def test_a_unit_whose_successors_are_not_known_is_refused(tmp_path):
    with pytest.raises(BhytError, match="Phúc Thành A"):  # it ended in 2024; into which commune is not known
        write_template(tmp_path / "a.xlsx", areas=["Xã Phúc Thành A"], today=TODAY)
