"""Make one real result of every public function that returns a table, from the bundled data."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module

import pandas as pd

import bhyt_analysis as bhyt
from bhyt_analysis import model
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.coverage.census import paid_ages
from bhyt_analysis.model.coverage.decomposition import shapley
from bhyt_analysis.model.distribution.equity import equity, lorenz
from bhyt_analysis.model.finance.poverty_change import poverty_change
from bhyt_analysis.model.finance.premiums import subsidy_history
from bhyt_analysis.model.monitoring import monitor as monitoring
from bhyt_analysis.model.monitoring.reports import reports_due
from bhyt_analysis.model.projection import outlook
from bhyt_analysis.model.projection.uncertainty import commune_intervals
from bhyt_analysis.model.projection.yearly import yearly
from bhyt_analysis.model.reclassification import entitlements, take_up
from bhyt_analysis.model.targets.allocation import communes_to_allocate
from bhyt_analysis.model.targets.group_targets import group_targets
from bhyt_analysis.model.targets.targets import binding_targets

DISTRICT, MONTH = "X001", "2022-06"  # whose communes have cards by group in every month
PERSON = {"zone": "II", "minority": True, "near_poor": True, "child_under_6": False, "member": 1, "income": 5e6}


def public_results(data: Dataset, law: Law) -> list[tuple[str, pd.DataFrame]]:
    """Return the results with the names of their functions, some of them in several variants."""
    return [*_figures(data, law), *_projections(data, law), *_law_and_people(data, law)]


def public_functions() -> dict[str, object]:
    """Return the functions of the package and the result tables of the model, by name."""
    modules = [import_module(m.name) for m in pkgutil.walk_packages(model.__path__, f"{model.__name__}.")]
    results = {name: f for module in modules for name, f in vars(module).items() if hasattr(f, "__wrapped__")}
    exported = {name: getattr(bhyt, name) for name in bhyt.__all__}
    tables = {name: f for name, f in {**results, **exported}.items() if inspect.isfunction(f)}
    return {name: f for name, f in tables.items() if "DataFrame" in str(inspect.signature(f).return_annotation)}


def _figures(data: Dataset, law: Law) -> list[tuple[str, pd.DataFrame]]:
    """Return what is counted or published."""
    by = [["group"], ["subgroup"], ["month"], ["commune"], ["commune", "group"]]
    losses = [bhyt.reclassify(data, "861", DISTRICT, by=parts) for parts in ([], ["subgroup"], ["former"])]
    communes = bhyt.coverage(data, DISTRICT, by=["commune"])
    before, after = (bhyt.coverage(data, DISTRICT, by=["commune"], as_of=f"2021-{m}") for m in ("06-30", "12-31"))
    figures = [bhyt.headline(data, law, area) for area in ("Sơn Dương", "Lục Ngạn", "Xã Bát Xát")]
    allocation_input = communes_to_allocate(data, DISTRICT)
    monitored = monitoring.monitor(data, DISTRICT, MONTH)
    return [
        *(("coverage", bhyt.coverage(data, DISTRICT, by=parts)) for parts in [[], *by]),
        ("coverage", bhyt.coverage(data, "Lục Ngạn")),
        *(("headline", table) for table in figures),
        ("decompose", bhyt.decompose(before, after)),
        ("equity", equity(communes)),
        ("lorenz", lorenz(communes)),
        *(("reclassify", table) for table in losses),
        ("unit_losses", bhyt.unit_losses(data, "861", DISTRICT)),
        ("reenrolment", bhyt.reenrolment(data, "Sơn Dương")),
        ("reenrolment_curve", take_up.reenrolment_curve(bhyt.reenrolment(data, "Sơn Dương").iloc[0])),
        ("observed_change", take_up.observed_change(data, DISTRICT)),
        ("binding_targets", binding_targets(data, "Sơn Dương")),
        ("target_steps", bhyt.target_steps(data, "Sơn Dương")),
        ("communes_to_allocate", allocation_input),
        ("allocate", bhyt.allocate(allocation_input, 0.95)),
        ("monitor", monitored),
        *(("verdict", bhyt.verdict(data, area)) for area in (DISTRICT, "Lục Ngạn", "Xã Bát Xát")),
        ("funnel", bhyt.funnel(monitored)),
        ("monthly_counts", monitoring.monthly_counts(data, DISTRICT)),
        ("nowcast", monitoring.nowcast(data, DISTRICT, MONTH)),
        ("expiring_cards", monitoring.expiring_cards(data, DISTRICT, MONTH)),
        ("reports_due", reports_due(data, DISTRICT, pd.Timestamp("2022-06-30"))),
        *(("group_targets", group_targets(data, area)) for area in ("Sơn Dương", "Lục Ngạn", "Tô Hiệu")),
        *(("tasks", bhyt.tasks(data, law, area)) for area in (DISTRICT, "Sơn Dương", "Tỉnh Sơn La")),
        ("audit", bhyt.audit(data, "Sơn Dương")),
        ("check", bhyt.check(data)),
        ("to_successor_units", bhyt.to_successor_units(data, "2025-07-01")[1]),
    ]


def _projections(data: Dataset, law: Law) -> list[tuple[str, pd.DataFrame]]:
    """Return what is projected."""
    plans = [bhyt.Scenario("now"), bhyt.Scenario("861", decision="861")]
    months, by_group = (bhyt.simulate(data, DISTRICT, plans, law, by=b, draws=20, seed=1) for b in ("", "group"))
    projection = bhyt.project_area(data, DISTRICT, plans[1], law)
    own = months[months["scenario"] == "861"]
    baseline, day = projection.baseline, "2021-12-31"
    communes = outlook.communes_at_baseline(data, baseline, bhyt.reclassify(data, "861", DISTRICT))
    compared = bhyt.compare(months)
    return [
        ("simulate", months),
        ("simulate", by_group),
        ("yearly", yearly(months)),
        ("yearly", yearly(by_group)),
        ("compare", compared),
        ("add_comparison_texts", bhyt.add_comparison_texts(compared)),
        ("outlook", outlook.outlook(own, day)),
        ("coverage_steps", outlook.coverage_steps(projection, own, day)),
        ("communes_at_baseline", communes),
        ("communes_in_month", outlook.communes_in_month(communes, projection, day)),
        ("after_loss", bhyt.after_loss(projection)),
        ("transitions", bhyt.transitions(projection, day)),
        ("target_probabilities", bhyt.target_probabilities(projection, draws=20, seed=1)),
        ("reported_and_true_rates", bhyt.reported_and_true_rates(projection, day, draws=20, seed=1)),
        ("commune_intervals", commune_intervals(projection, day, draws=20, seed=1)),
        ("tornado", bhyt.tornado(projection, day)),
        ("tornado", bhyt.tornado(projection, day, "cost")),
        ("break_even", bhyt.break_even(data, DISTRICT, plans[1], 0.9, day)),
        ("backtest", bhyt.backtest(data, law, draws=2)),
    ]


def _law_and_people(data: Dataset, law: Law) -> list[tuple[str, pd.DataFrame]]:
    """Return what the law says, of people or of money."""
    in_force = law.at("2021-12-31")
    people = entitlements.area_entitlements(pd.DataFrame([PERSON]))
    cards = pd.DataFrame({"month": ["2022-01-31"], "group": ["near_poor"], "insured": [90]})
    reform = bhyt.read_scenario("scenarios/near_poor_100.toml").reforms[0]
    return [
        ("area_entitlements", people),
        ("assign_entitlement", bhyt.assign_entitlement(people, in_force)),
        ("premiums", bhyt.premiums(pd.DataFrame({"group": ["household"], "member": [2], "income": [5e6]}), in_force)),
        ("full_year_cost", bhyt.full_year_cost(90, law, ["2021-12-31"])),
        ("subsidy_history", subsidy_history(law, "near_poor", pd.Timestamp("2021-07-01"))),
        ("budget", bhyt.budget(cards, law)),
        ("poverty_change", poverty_change(data, DISTRICT, law, {"near_poor": 0.1}, "2022-01-01")),
        ("paid_ages", paid_ages(bhyt.area(data, "Xã Bát Xát"))),
        ("shapley", shapley(lambda levers: float(len(levers)), ["price", "outreach"])),
        ("groups", bhyt.groups()),
        ("law", law.table),
        ("law", in_force.table),
        ("law", law.compare(reform)),
        ("law", law.open_points()),
    ]
