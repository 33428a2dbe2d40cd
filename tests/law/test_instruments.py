"""The table of national instruments: days as the texts print them, and numbers in the spellings of plans."""

import datetime as dt
import re

import pytest

from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.law import Law
from bhyt_analysis.law.instruments import find_instrument, legal_instruments

KINDS = {
    "Kế hoạch",
    "Công văn",
    "Chương trình hành động",
    "Luật",
    "Nghị quyết",
    "Nghị định",
    "Quyết định",
    "Chỉ thị",
    "Thông tư",
    "Thông tư liên tịch",
}
NO_DAY = re.compile(r"not seen|applies|applied|cited by|amended by|proposed to end")


def day(text):
    return dt.date.fromisoformat(text) if text else None


# Copied from the texts themselves or from the pages that hold them, one by one; not from the table.
@pytest.mark.parametrize(
    ("number", "issued", "since", "until", "replaced_by"),
    [
        # Consolidated text 22/VBHN-VPQH of 26 February 2025 lists the law and its amendments with their days.
        ("25/2008/QH12", "2008-11-14", "2009-07-01", "", ""),
        ("46/2014/QH13", "2014-06-13", "2015-01-01", "", ""),
        ("51/2024/QH15", "2024-11-27", "2025-07-01", "", ""),
        # "replaced by Decree 146/2018 from 01/12/2018" (vanbanphapluat.co)
        ("105/2014/NĐ-CP", "2014-11-15", "2015-01-01", "2018-11-30", "146/2018/NĐ-CP"),
        # "issued on 19 October 2023, effective from 3 December 2023" (mondaq); repealed by art. 70(5) of Decree 188
        ("75/2023/NĐ-CP", "2023-10-19", "2023-12-03", "2025-08-14", "188/2025/NĐ-CP"),
        # "effective from signing, replaces Decision 582 of 28/4/2017" (thuvienphapluat, 8 June 2021)
        ("582/QĐ-TTg", "2017-04-28", "2017-04-28", "2021-06-03", "861/QĐ-TTg"),
        # "effective from signing, replaces Decision 433 of 18/6/2021" (thuvienphapluat)
        ("433/QĐ-UBDT", "2021-06-18", "2021-06-18", "2021-09-15", "612/QĐ-UBDT"),
        # Text on luatvietnam.vn; its own day only.
        ("538/QĐ-TTg", "2013-03-29", "", "", ""),
        # "both effective from 1 July 2024" (mondaq, 5 July 2024); Decree 161/2026 sets 2,530,000 from 1 July 2026
        ("73/2024/NĐ-CP", "2024-06-30", "2024-07-01", "2026-06-30", "161/2026/NĐ-CP"),
        # The head of the directive on thuviennhadat.vn.
        ("52-CT/TW", "2025-10-03", "2025-10-03", "", ""),
    ],
)
def test_days_are_those_of_the_texts(number, issued, since, until, replaced_by):
    one = find_instrument(number)
    assert (one.issued, one.since, one.until) == (day(issued), day(since), day(until))
    assert (one.replaced_by, one.status) == (replaced_by, "confirmed")


@pytest.mark.parametrize(
    ("number", "printed"),  # as plans print the day: Sơn Dương 2022, Lục Ngạn 2021, Quảng Ngãi 2013, Sơn La 2025
    [
        ("861/QĐ-TTg", "04/6/2021"),
        ("433/QĐ-UBDT", "18/6/2021"),
        ("20-NQ/TW", "25/10/2017"),
        ("21-NQ/TW", "22/11/2012"),
        ("538/QĐ-TTg", "29/3/2013"),
        ("797/QĐ-TTg", "26/6/2012"),
        ("705/QĐ-TTg", "08/5/2013"),
        ("317/QĐ-TTg", "07/02/2013"),
        ("92/2011/NĐ-CP", "17/10/2011"),
        ("14/2012/QĐ-TTg", "01/3/2012"),
        ("139/2002/QĐ-TTg", "15/10/2002"),
        ("02/TT-BLĐTBXH", "25/3/2016"),
        ("52-CT/TW", "03/10/2025"),
    ],
)
def test_national_texts_that_the_four_plans_cite_are_there(number, printed):
    dd, mm, yyyy = map(int, printed.split("/"))
    assert find_instrument(number, yyyy).issued == dt.date(yyyy, mm, dd)


@pytest.mark.parametrize(
    "spelling",
    [
        "861/QĐ-TTg",
        "861/Q\u00d0-TTg",
        "861/qđ-ttg",
        "861 / QĐ - TTg",
        "861/QĐ\u2013TTg",
        "861/Q\u0189-TTG",
        "0861/QĐ-TTg",
    ],
)
def test_spellings_of_a_number_are_the_same(spelling):
    assert find_instrument(spelling).number == "861/QĐ-TTg"
    assert find_instrument(spelling, 2021).number == "861/QĐ-TTg"


def test_leading_zeros_and_strokes_make_no_other_number():
    assert find_instrument("2/2025/NĐ-CP").number == "02/2025/NĐ-CP"
    assert find_instrument("20/NQ-TW", 2017).number == "20-NQ/TW"


def test_the_year_decides_between_equal_numbers():
    assert find_instrument("21-NQ/TW") is None
    assert find_instrument("21-NQ/TW", 2012).issued == dt.date(2012, 11, 22)
    assert find_instrument("21-NQ/TW", 2017).issued == dt.date(2017, 10, 25)
    assert find_instrument("21-NQ/TW", 2022) is None
    assert find_instrument("861/QĐ-TTg", 2022) is None  # another decision of another year


def test_a_year_in_the_number_outweighs_a_year_beside_it():
    # A plan that dates Decree 146/2018 to 2019 cites that decree, with a wrong day.
    assert find_instrument("146/2018/NĐ-CP", 2019).issued == dt.date(2018, 10, 17)


def test_a_decision_without_a_year_in_its_number_is_another_one():
    assert find_instrument("14/QĐ-TTg", 2012) is None
    assert find_instrument("59/QĐ-TTg") is None
    assert find_instrument("146/NĐ-CP", 2018).number == "146/2018/NĐ-CP"
    assert find_instrument("146/NĐ-CP", 2019) is None


@pytest.mark.parametrize("number", ["126/KH-UBND", "05-CT/HU", "2752/QĐ-UBND", "", "TTg", "QĐ-TTg", "861"])
def test_provincial_numbers_and_other_text_have_no_row(number):
    assert find_instrument(number) is None


def test_numbers_are_unique_within_a_year():
    keys = [(i.number, i.area, i.issued.year if i.issued else None) for i in legal_instruments()]
    assert len(keys) == len(set(keys))
    for one in legal_instruments():
        assert find_instrument(one.number, one.issued.year if one.issued else None, [one.area]) is one


def test_a_provincial_number_is_that_of_the_units_above():
    assert find_instrument("126/KH-UBND", 2022, ["08", "VN"]).issued == dt.date(2022, 6, 28)
    assert find_instrument("126/KH-UBND", 2022, ["24", "VN"]) is None


def test_days_are_in_order_and_agree_with_the_number():
    for one in legal_instruments():
        days = [d for d in (one.issued, one.since, one.until) if d]
        assert days == sorted(days), one.number
        year = re.search(r"/(\d{4})/", one.number)
        assert one.issued is None or year is None or one.issued.year == int(year[1]), one.number


def test_a_replacement_is_a_row_and_begins_when_the_other_ends():
    for one in legal_instruments():
        if not one.replaced_by:
            continue
        after = find_instrument(one.replaced_by)
        assert after is not None, one.number
        same_day = one.until and after.since and one.until + dt.timedelta(days=1) == after.since
        # The lists of 2021-2025 ended with their period, a month before the list that came after them.
        assert same_day or one.until is None or after.number == "60/QĐ-BDTTG", one.number


def test_each_row_says_what_it_rests_on():
    for one in legal_instruments():
        assert one.kind in KINDS and one.title and one.title_en and one.source, one.number
        assert one.status in ("confirmed", "second_hand")
        if one.issued is None or (one.since is None and one.kind not in ("Nghị quyết", "Chỉ thị") and not one.area):
            assert NO_DAY.search(one.note), one.number


def test_sources_have_no_vietnamese_word_of_a_citation_in_english():
    words = {"Quyết", "Nghị", "Chỉ", "Kế", "Thông", "đọc", "báo", "của", "hướng"}
    for one in legal_instruments():
        assert not words & set(format_citation(one.source, "en").replace(";", " ").split()), one.source


def test_laws_and_decrees_that_the_dated_law_cites_are_there():
    cited = set()
    for reference in Law.read().table["reference"]:
        cited |= set(re.findall(r"(?:Decree|Law) (\d+/\d{4}/[\w-]+)", reference))
        cited |= set(re.findall(r"Resolution (\d+/\d{4}/QH\d+)", reference))
    assert len(cited) > 15
    assert not [number for number in sorted(cited) if find_instrument(number) is None]


def test_base_salary_decrees_follow_one_another_as_the_dated_law_has_them():
    rows = Law.read().table.query("parameter == 'base_salary'").sort_values("since")
    numbers = [re.search(r"\d+/\d{4}/NĐ-CP", reference)[0] for reference in rows["reference"]]
    assert len(numbers) == 9
    assert [find_instrument(n).replaced_by for n in numbers] == [*numbers[1:], ""]
