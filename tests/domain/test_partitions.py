"""A partition gives the same results for its unit as the input, on disk too, and changes only with its rows."""

import dataclasses

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.domain.area_view import area_view, select_area
from bhyt_analysis.domain.dataset import TABLES
from bhyt_analysis.domain.findings import Citation, Finding, GroupName, Listing, Term, UnitName
from bhyt_analysis.domain.partitions import partition_sha256, read_partition, write_partition
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.ingest import synthetic, workbook
from bhyt_analysis.model.coverage.coverage import areas_with_figures


def sha256(data, area):
    return partition_sha256(data, data.find(area))


def test_a_partition_gives_the_results_of_the_input(data, law):
    for area in areas_with_figures(data):
        part = area_view(data, area).data
        pd.testing.assert_frame_equal(bhyt.headline(part, law, area), bhyt.headline(data, law, area))
        by = ["commune", "subgroup", "month"]
        pd.testing.assert_frame_equal(bhyt.coverage(part, area, by), bhyt.coverage(data, area, by))
        pd.testing.assert_frame_equal(bhyt.audit(part, area), bhyt.audit(data, area))


def test_a_partition_is_read_from_disk_as_it_was(data, tmp_path):
    names = Listing("pair.below_upper_target", [{"year": "2022", "relation": Term("relation.="), "value": 0.9}])
    details = {"day": pd.Timestamp("2021-12-31"), "since": pd.NaT, "group": GroupName("poor"), "pairs": names}
    details |= {"locator": Citation("mục 1"), "above": UnitName("Huyện Lục Ngạn")}
    warning = Finding("sudden_jump", "cards.csv", 3, "cards", value=5, expected=Term("expect.count"), details=details)
    for area in ("X001", "219", "15"):
        part = dataclasses.replace(area_view(data, area).data, warnings=[warning])
        stored = bhyt.load(write_partition(tmp_path / area, part), area)
        assert (stored.source, stored.sha256, stored.warnings) == (data.source, data.sha256, [warning])
        for name in TABLES:
            pd.testing.assert_frame_equal(getattr(stored, name), getattr(part, name))


def test_one_communes_figure_changes_only_the_units_that_it_belongs_to(data):
    changed = data.population.assign(people=data.population["people"].mask(data.population["area"] == "07549", 1))
    after = dataclasses.replace(data, population=changed)
    changed_units = {a for a in areas_with_figures(data) if sha256(data, a) != sha256(after, a)}
    assert changed_units == {"219"}  # Thanh Hải is in Lục Ngạn


def test_a_new_target_of_every_district_concerns_them_all(data):
    each = data.targets.index[data.targets["area"] == "each"][0]
    targets = data.targets.assign(rate=data.targets["rate"].mask(data.targets.index == each, 0.5))
    after = dataclasses.replace(data, targets=targets)
    assert all(sha256(data, a) != sha256(after, a) for a in ("219", "076", "X001"))


def test_the_order_of_units_in_a_file_does_not_matter_to_one_of_them(data):
    turned = data.cards.sort_values("area", ascending=False, kind="stable").reset_index(drop=True)
    assert sha256(data, "076") == sha256(dataclasses.replace(data, cards=turned), "076")


cells = st.text(
    st.characters(blacklist_characters='",;\t\r\n\0', codec="utf-8", blacklist_categories=("Zl", "Zp", "Cc")),
    max_size=6,
)


@given(st.lists(st.lists(cells, min_size=3, max_size=3), max_size=8), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_the_quick_reader_reads_what_the_exact_one_reads(rows, ending, open_end):
    lines = ["a,b,c", *(",".join(r) for r in rows)]
    text = ending.join(lines) + ("" if open_end else ending)
    quick = workbook._read_plain_csv(text, ",")
    exact = workbook.read_csv_cells((text + ending + '"x","y","z"').encode(), "x.csv", [])  # a quote: the exact reader
    assert quick is not None
    assert quick.to_numpy().tolist() == exact.to_numpy().tolist()[:-1]
    assert quick.index.tolist() == exact.index.tolist()[:-1]


@pytest.mark.parametrize("text", ["a,b\n1,2,3\n", "\n\n", ""])
def test_the_quick_reader_leaves_what_it_does_not_understand(text):
    assert workbook._read_plain_csv(text, ",") is None


def test_a_synthetic_country_has_provinces_and_replaces_no_tables(tmp_path):
    synthetic.write_country(tmp_path / "c", 13, 1)
    country = bhyt.load(tmp_path / "c")
    provinces = country.areas.set_index("code")["parent"]
    assert [provinces[f"X{d:03d}"] for d in (1, 11, 12, 13)] == ["X", "X", "XP02", "XP02"]
    assert set(country.cards["status"]) | set(country.population["status"]) == {"synthetic"}
    assert len(areas_with_figures(country)) == 13
    with pytest.raises(BhytError, match=r"holds tables already \(actions\.csv, areas"):
        synthetic.write_country(tmp_path / "c", 1, 1)


@pytest.mark.parametrize(("area", "day"), [("524", None), ("219", "2021-12-31"), ("14", None), ("X001", None)])
def test_rows_that_were_selected_for_a_unit_are_its_view(tmp_path, data, area, day):
    unit, on = data.find(area), None if day is None else pd.Timestamp(day)
    rows = select_area(data, unit, on)
    stored = read_partition(write_partition(tmp_path / "selected", rows, unit, on))
    others = read_partition(write_partition(tmp_path / "not", rows))
    view, expected = (bhyt.area(part, area, day) for part in (stored, others))
    assert view.unit == expected.unit and view.others == expected.others
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(view.data, name), getattr(expected.data, name))
