"""The first two questions of docs/explore.md, put to the workbook by its yellow cells; the third is of its zones."""

import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.messages import translate

from .test_model_workbook import addresses, needs_office, read_results, recalculate, write_workbook
from .workbook_states import day_number

RESULTS = "Kết quả!A5:G75"
LEFT_LIST = "minority_left_2016_2020_list"
STATE, PROVINCE, INSURED = 4, 5, 6  # columns of the payers, in the tables of years and of groups


def ask(folder, data, area, questions):
    """Return the sheet of results for each question: a state, and the month for which it is asked."""
    model = bhyt.page_model(bhyt.area(data, area), draws=20)
    path = write_workbook(folder / "book", model, area)
    cells = addresses(path, model)
    month = f"Giả định!C{cells.rows['target_on']}"
    settings = [{**cells.setting(state), month: day_number(day)} for state, day in questions]
    (results,) = recalculate(folder, [{"workbook": str(path), "settings": settings, "ranges": [RESULTS]}])
    return [values for (values,) in results]


def uninsured(values):
    return read_results(values, translate("calculation.key_uninsured", "vi"))[1]


def billions(values, year, payer):
    """Return what a payer pays in a year, in billion VND as the sheet shows it."""
    heads = [str(cell) for row in values if row[0] == translate("calculation.year", "vi") for cell in row]
    assert heads[4:7] == [translate(f"payer.{key}", "vi") for key in ("central", "province", "household")]
    return round(read_results(values, year)[payer] / 1e9, 2)


@needs_office
def test_luc_ngan_at_the_end_of_2021_as_the_explorer_has_it(tmp_path, data):
    support = [{"key": LEFT_LIST, "points": 0.7, "since": "2021-07-01"}]
    states = [{}, {"outreach": 2.0}, {"outreach": 2.0, "top_up": support}, {"top_up": support}]
    results = ask(tmp_path, data, "Lục Ngạn", [(state, "2021-12-31") for state in states])
    assert [uninsured(values) for values in results] == [34_206, 21_847, 20_515, 33_144]
    assert [billions(values, 2021, PROVINCE) for values in results] == [0, 0, 4.62, 1.92]


@needs_office
def test_near_poor_and_base_salary_of_son_duong_as_the_explorer_has_it(tmp_path, data):
    support = [{"key": "near_poor", "share": 1.0, "since": "2027-01-01"}]
    state = {"support": support, "base_salary": {"value": 2_800_000, "since": "2027-01-01"}}
    before, after = ask(tmp_path, data, "Sơn Dương", [({}, "2027-12-31"), (state, "2027-12-31")])
    assert billions(after, 2027, STATE) == 155.88
    assert billions(after, 2027, INSURED) == 61.15
    assert round(billions(after, 2027, STATE) - billions(before, 2027, STATE), 2) == 18.03
    assert round(billions(after, 2027, INSURED) - billions(before, 2027, INSURED), 2) == 3.20
    near_poor = read_results(after[30:], "Hộ cận nghèo")
    assert (near_poor[STATE] / 1e9, near_poor[INSURED]) == (pytest.approx(10.29, abs=0.005), 0)
