"""Every column of a public result is in the registry, and what the registry says of it holds on real results."""

import inspect
import re

import numpy as np
import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.batch import index_page
from bhyt_analysis.documents import xlsx_forms
from bhyt_analysis.explorer import views
from bhyt_analysis.explorer.state import State
from bhyt_analysis.i18n.messages import format_message, has_message
from bhyt_analysis.model.coverage.coverage import coverage
from bhyt_analysis.tables import columns as registry
from bhyt_analysis.tables.columns import DISCLOSURES, Column, find_column, table_columns, table_relations
from bhyt_analysis.tables.formatting import suppressed_cells

from ..briefing_items import section_items
from .public_results import DISTRICT, PERSON, public_functions, public_results

WORDS = {"text", "name", "group", "key", "citation", "status", "flag", "message", "value", "date"}
NO_ATTRS = {"audit", "check", "to_successor_units", "law", "groups"}  # made below the package of results
# Results that repeat the columns of their input, with that input.
INPUTS = {
    "binding_targets": "targets",
    "allocate": "communes_to_allocate",
    "funnel": "monitor",
    "assign_entitlement": "area_entitlements",
    "add_comparison_texts": "compare",
    "communes_in_month": "communes_at_baseline",
}


@pytest.fixture(scope="module")
def results(data, law):
    return public_results(data, law)


@pytest.fixture(scope="module")
def registered():
    return registry.registry()


def cells(table, term):
    """Return the cells of a term of a relation for each row of a table; missing where another table has them."""
    values = term.sign * table[term.column].astype(float)
    if term.row == "all":
        return pd.Series(values.sum(), index=table.index)
    if term.row == "previous":
        return values.shift(1)
    if term.row == "baseline":
        keys = pd.MultiIndex.from_frame(table[["baseline", "result", "area"]])
        own = values.set_axis(pd.MultiIndex.from_frame(table[["scenario", "result", "area"]]))
        return own.loc[keys].set_axis(table.index)
    if term.row.startswith("month-"):
        return values * np.nan
    return values.groupby(table[term.row]).transform("sum") if term.row else values


def test_every_function_that_returns_a_table_has_a_result_here(results):
    names = {name for name, _ in results}
    assert set(public_functions()) <= names
    assert {t.attrs["result"] for _, t in results if "result" in t.attrs} <= names


def test_every_column_of_a_result_is_in_the_registry(results):
    for name, table in results:
        columns = table_columns(table) if "result" in table.attrs else {c: find_column(c, name) for c in table}
        assert [c for c, column in columns.items() if not column.disclosure] == [], name
        assert "result" in table.attrs or name in NO_ATTRS


def test_the_headings_of_a_result_are_distinct(results):
    for name, table in results:
        for lang in ("vi", "en"):
            headings = [find_column(c, name).label(lang) for c in table]
            assert sorted(set(headings)) == sorted(headings), name


def test_every_row_says_what_the_program_can_read(registered, results):
    assert not registered.duplicated(["column", "results"]).any()
    assert (registered[["column", "format", "disclosure", "label_vi", "label_en", "meaning"]] != "").all(axis=None)
    assert set(registered["disclosure"]) == set(DISCLOSURES)
    names = set(registered["column"])
    assert set(" ".join(registered["results"]).split()) <= {name for name, _ in results}
    assert set(" ".join(registered["follows"]).split()) <= names
    assert set(" ".join(registered["adds_over"]).split()) <= names
    for row in registered.to_dict("records"):
        column = Column(row["column"], format=row["format"].removeprefix("~"))
        assert column.is_number or row["format"].partition(":")[0] in WORDS, row
        if column.is_number:
            assert format_message("{v:" + column.format + "}", "en", v=0.5)
        for lang in ("vi", "en"):
            assert not re.findall(r"\{(?!decision\})", row[f"label_{lang}"])
    topics = {f.partition(":")[2] for f in registered["format"] if ":" in f}
    assert {t for t in topics if has_message(f"{t}.")} <= {"zone"}  # "" is not known; elsewhere it says nothing


def test_what_follows_from_counts_names_them(registered):
    derived = registered[registered["disclosure"].isin(["rate", "money", "interval"])]
    assert (derived["follows"] + derived["relation"] != "").all()
    assert (registered.loc[registered["disclosure"] == "count", "unit"].isin(["people", "cards"])).all()
    free = registered[registered["disclosure"].isin(["label", "status", "none", "text", "population"])]
    assert (free["follows"] == "").all()


def test_the_relations_name_columns_and_rows_that_there_are(registered):
    names = set(registered["column"])
    for row in registered[registered["relation"] != ""].to_dict("records"):
        for relation in (registry.Relation.parse(text) for text in row["relation"].split("; ")):
            assert row["column"] in relation.columns
            terms = [*relation.terms, *([relation.divisor] if relation.divisor else [])]
            assert {relation.left, *(t.column for t in terms)} <= names
            rows = {t.row for t in terms if t.row not in ("", "all", "previous", "baseline")}
            assert all(re.fullmatch(r"month-\d+", r) or r in names for r in rows)


def test_the_relations_hold_in_every_row_of_every_result(results):
    tested = set()
    for name, table in results:
        for relation in table_relations(table):
            right = sum(cells(table, term) for term in relation.terms)
            if relation.divisor:
                right = right / cells(table, relation.divisor)
            difference = (table[relation.left].astype(float) - right).dropna()
            wrong = difference > 1e-9 if relation.sign == "<=" else difference.abs() > 1e-6
            assert not wrong.any(), (name, relation)
            tested |= {relation.left} if len(difference) else set()
    assert {"rate", "before", "after", "lost", "total_to_add", "people", "uninsured", "target_rate", "pace"} <= tested


def test_the_changes_of_a_month_are_differences_of_its_counts(results):
    tables = dict(results)
    months = tables["monthly_counts"].set_index(["area", "month"])["insured"]
    for row in tables["monitor"].to_dict("records"):
        for column in ("change_month", "change_year"):
            (relation,) = find_column(column).relations
            back = int(relation.terms[1].row.removeprefix("month-"))
            before = months.get((row["area"], row["month"] - pd.offsets.MonthEnd(back)))
            assert row[column] == row["insured"] - before


def test_the_columns_add_up_over_what_the_registry_says(data, results):
    parts = {by: coverage(data, DISTRICT, by=[by]) for by in ("commune", "group", "subgroup")}
    total = coverage(data, DISTRICT)
    sums = {("area", "coverage"): (parts["commune"], total), ("group", "coverage"): (parts["group"], total)}
    sums["subgroup", "coverage"] = (parts["subgroup"], total)
    losses = bhyt.reclassify(data, "861", DISTRICT)
    sums["subgroup", "reclassify"] = (bhyt.reclassify(data, "861", DISTRICT, by=["subgroup"]), losses)
    for result in ("simulate", "yearly"):
        total, by_group = (table for name, table in results if name == result)
        sums["group", result] = (by_group, total)
    for (dimension, result), (rows, all_rows) in sums.items():
        columns = [c for c in rows if c in all_rows and dimension in find_column(c, result).adds_over]
        assert columns
        pd.testing.assert_series_equal(
            rows[columns].astype(float).sum(), all_rows[columns].astype(float).sum(), obj=f"{dimension} {result}"
        )


def test_every_table_of_a_briefing_is_in_the_registry(data, law):
    scenario = bhyt.Scenario("861", decision="861")
    briefings = [bhyt.Briefing(data, a, law) for a in ("Sơn Dương", "Lý Sơn", "Xã Bát Xát")]
    items = set()
    for briefing in [*briefings, bhyt.Briefing(data, DISTRICT, law, scenario)]:
        for item in section_items(briefing):
            if item.table is not None:
                items.add(item.name)
                unknown = [c for c, column in table_columns(item.table).items() if not column.disclosure]
                assert not unknown, item.name
    assert len(items) >= 20


def test_every_headline_figure_is_in_the_registry_in_its_unit(results):
    units = {"vnd": "VND", "cards": "people"}  # a document counts those who lost a card, or their cards
    for table in (t for name, t in results if name == "headline"):
        for row in table.to_dict("records"):
            column = find_column(row["key"], "headline")
            assert column.disclosure
            assert units.get(column.unit, column.unit) == units.get(row["unit"], row["unit"])
    assert all(find_column(key, "headline").disclosure for key in index_page.FIGURES)


def test_every_table_of_the_explorer_and_of_the_annexes_is_registered(data, law):
    get_view = views.memoised_views(context := views.Context(data, law))
    state = State(area=DISTRICT, decision="861", on="2021-12-31", goal="95%")
    compared, _ = views.compare_scenarios(context, [state, state], pd.Timestamp("2021-12-31"), "en")
    for table in (get_view(state, "communes"), get_view(state, "allocation"), compared):
        assert all(column.disclosure for column in table_columns(table).values())
    fields = re.findall(r'Field\(\s*"(\w+)"', inspect.getsource(xlsx_forms))
    assert len(fields) > 20
    assert all(find_column(name).disclosure for name in fields)


def test_the_help_of_a_function_names_the_columns_of_its_result(data, results):
    by_name = {**dict(results), "targets": data.targets}
    for name, function in public_functions().items():
        source = inspect.unwrap(function)
        texts = [inspect.getdoc(source)]
        others = (source.__globals__.get(n) for n in re.findall(r"`(\w+)`", texts[0]))
        texts += [inspect.getdoc(other) or "" for other in others if callable(other)]
        words = set(re.findall(r"``(\w+)``", " ".join(texts)))
        inputs = [*by_name.get(INPUTS.get(name, ""), ()), *(PERSON if "entitlement" in name else ())]
        groups = [c for c in by_name[name] if find_column(c, name).meaning == find_column("any_group", name).meaning]
        assert [c for c in by_name[name] if c not in {*words, *inputs, *groups}] == [], name


def test_no_column_follows_itself(registered):
    for row in registered.to_dict("records"):
        for result in row["results"].split() or [""]:
            assert row["column"] not in registry.followed_columns(row["column"], result)


def test_what_follows_a_small_count_is_hidden_with_it():
    row = {"insured": 3, "change_month": 1, "required_pace": 2.0, "pace": 0.5, "population": 90, "alert": "green"}
    hidden = suppressed_cells(pd.DataFrame([row, {**row, "insured": 0}]))
    assert hidden.iloc[0].to_dict() == {c: c not in ("population", "alert") for c in row}
    assert not hidden.iloc[1].any()
