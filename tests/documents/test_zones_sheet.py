"""The sheet of zones of the workbook: who loses and gains is what `reclassify` gives for the same list of zones."""

import random

import openpyxl
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.model.projection.page_projection import page_projection
from bhyt_analysis.model.projection.simulate import projection_table
from bhyt_analysis.model.reclassification.zone_choices import without_movers
from bhyt_analysis.model.reclassification.zone_moves import apply_zone_moves

from .test_model_workbook import addresses, assert_same, columns, needs_office, recalculate, write_workbook

AREA, DECISION, SHEET = "X001", "861", "Khu vực"
ZONES = ("III", "II", "I", "none")
LABELS = {zone: translate(f"zone.{zone}", "vi") for zone in ZONES}
FIRST, COUNT = 11, 12  # the row of the first commune in the sheet, and how many there are
MOVE = f"{SHEET}!E6"
TOTALS, COMMUNES, BY_ENTITLEMENT = (f"{SHEET}!I10:N10", f"{SHEET}!I11:N22", f"{SHEET}!I25:N26")
STATIC = f"{SHEET}!F29:F31"
RANDOM_LISTS = 3


@pytest.fixture(scope="module")
def early(tmp_path_factory):
    """A scenario whose months begin before the decision."""
    path = tmp_path_factory.mktemp("scenario") / "early.toml"
    path.write_text(f'name = "early"\ndecision = "{DECISION}"\nstart = 2021-06-30\n')
    return bhyt.read_scenario(path)


def constants(data, scenario=None):
    return bhyt.page_model(bhyt.area(data, AREA), scenario, draws=20)


@pytest.fixture(scope="module")
def later_count(tmp_path_factory, data):
    return write_workbook(tmp_path_factory.mktemp("later"), constants(data))


def random_zones(data, generator):
    """Return a list of zones as cells and as moves: some communes by themselves, all of one zone by the other cell."""
    decided = bhyt.reclassify(data, DECISION, AREA)[["area", "zone_after"]].to_numpy().tolist()
    begin, end = generator.sample(ZONES, 2)
    cells, moves = {MOVE: f"{LABELS[begin]} → {LABELS[end]}"}, []
    for i, (area, zone) in enumerate(decided):
        chosen = generator.choice([*ZONES, None, None, None, None])
        if chosen:
            cells[f"{SHEET}!E{FIRST + i}"] = LABELS[chosen]
        moves.append({"area": area, "zone": chosen or (end if zone == begin else zone)})
    return cells, moves


def side_by_side(before, after, keys):
    """Return who loses and who gains by the decision, in a list of zones, and the difference: a row for each key."""
    rows = []
    for key in keys:
        row = []
        for column in ("lost", "gained"):
            pair = [int(table.loc[table[key[0]] == key[1], column].sum()) for table in (before, after)]
            row += [*pair, pair[1] - pair[0]]
        rows.append(row)
    return rows


@needs_office
def test_communes_lose_and_gain_as_the_list_of_zones_says(tmp_path, data, later_count):
    """Third question of docs/explore.md: 15,357 -> 18,376 lose a card, 1,842 gain one; then random lists."""
    generator = random.Random(3)
    question = {MOVE: "Khu vực II → Khu vực I"}
    lists = [random_zones(data, generator) for _ in range(RANDOM_LISTS)]
    settings = [{}, question, *(cells for cells, _ in lists)]
    ranges = [TOTALS, COMMUNES, BY_ENTITLEMENT, STATIC, "Thay đổi!B5:F20", "Giả định!A2:A2", "Kết quả!B7:C7"]
    (results,) = recalculate(tmp_path, [{"workbook": str(later_count), "settings": settings, "ranges": ranges}])
    assert results[0][0] == [[15_357, 15_357, 0, 1_842, 1_842, 0]]
    assert results[1][0] == [[15_357, 18_376, 3_019, 1_842, 1_842, 0]]
    assert results[1][3] == [[3_019], [3_019], [pytest.approx(100 * 3_019 / 64_897)]]
    listed = [row for row in results[1][4] if row[0]]
    assert [row[:4] for row in listed] == [
        ["Khu vực", name, "Khu vực II", "Khu vực I"] for name in ("Xã Mẫu 02", "Xã Mẫu 07")
    ]
    stamp = " - ".join(translate(f"calculation.{key}", "vi") for key in ("stamp", "proposal"))
    assert results[0][5] == [[""]] and results[1][5] == [[stamp]]
    assert results[1][6] == results[0][6]  # months that begin after the decision do not change
    before = [bhyt.reclassify(data, DECISION, AREA, by) for by in ((), ["subgroup"])]
    communes = [("area", area) for area in before[0]["area"]]
    entitlements = [("subgroup", key) for key in dict.fromkeys(before[1]["subgroup"])]
    for (_, moves), result in zip(lists, results[2:], strict=True):
        rezoned = apply_zone_moves(data, DECISION, moves)
        after = [bhyt.reclassify(rezoned, DECISION, AREA, by) for by in ((), ["subgroup"])]
        assert result[1] == side_by_side(before[0], after[0], communes)
        assert result[2] == side_by_side(*(without_movers(rows[1]) for rows in (before, after)), entitlements)


@needs_office
def test_exits_follow_the_zones_where_the_months_begin_before(tmp_path, data, early):
    """People and đồng are those of the projection of the same list of zones, whatever else is set."""
    model = constants(data, early)
    path, generator = write_workbook(tmp_path / "early", model), random.Random(11)
    cells, cases, settings = addresses(path, model), [], []
    states = [{}, {"outreach": 2.0}, {"take_up_household": 0.5, "outreach": 0.5}]
    for i, state in enumerate(states):
        zones, moves = random_zones(data, generator) if i else ({}, [])
        settings.append({**zones, **cells.setting(state)})
        view = bhyt.area(apply_zone_moves(data, DECISION, moves), AREA)
        projection = page_projection(view, bhyt.state_scenario(view, state, early), by_commune=False).projection
        cases.append(projection_table(projection))
    ranges = [*map(cells.months, columns(cells)), "Kiểm tra!D5:D17"]
    (results,) = recalculate(tmp_path, [{"workbook": str(path), "settings": settings, "ranges": ranges}])
    for table, result in zip(cases, results, strict=True):
        assert_same(cells, result, table)
        assert {row[0] for row in result[-1]} <= {translate("calculation.right", "vi"), ""}
    assert results[0] != results[1] != results[2]


def test_sheet_is_left_out_where_zones_are_not_known(tmp_path, data):
    for area in ("Sơn Dương", "Lục Ngạn"):
        path = write_workbook(tmp_path / area, bhyt.page_model(bhyt.area(data, area), draws=0))
        assert SHEET not in openpyxl.load_workbook(path, read_only=True).sheetnames


def test_drop_downs_offer_the_zones_and_every_move(later_count):
    sheet = openpyxl.load_workbook(later_count)[SHEET]
    lists = {str(one.sqref): one.formula1 for one in sheet.data_validations.dataValidation}
    assert set(lists) == {"E6", *(f"E{FIRST + i}" for i in range(COUNT))}
    offered = {key: [row[0].value for row in sheet[lists[key].split("!")[1].replace("$", "")]] for key in ("E6", "E11")}
    assert offered["E11"] == list(LABELS.values())
    assert len(offered["E6"]) == len(set(offered["E6"])) == 12 and "Khu vực II → Khu vực I" in offered["E6"]
    unlocked = {c.coordinate for row in sheet.iter_rows() for c in row if not c.protection.locked}
    assert unlocked == set(lists)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_communes_have_days_and_statuses_of_their_own(tmp_path, data, lang):
    """A commune is one line whatever its status; the texts name each day, and the lowest status."""
    model = bhyt.page_model(bhyt.area(data, AREA), draws=0)
    statuses = ("published", "census", "derived", "estimated", "synthetic")
    for commune, status in zip(model["zones"]["communes"], statuses, strict=False):
        commune["status"] = status
    model["zones"]["communes"][3]["on"] = "2021-10-01"
    book = openpyxl.load_workbook(write_workbook(tmp_path / "x", model, lang=lang))
    sheet = book[translate("calculation.sheet_zones", lang)]
    assert {sheet.row_dimensions[FIRST + i].height for i in range(COUNT)} == {16.5}
    texts = [str(cell.value) for row in sheet.iter_rows(max_col=20) for cell in row if cell.value]
    days = {"vi": "01/07/2021, 01/10/2021", "en": "1 July 2021, 1 October 2021"}[lang]
    assert len([text for text in texts if days in text]) == 3
    assert [text for text in texts if days in text and translate("status.synthetic", lang).lower() in text]
