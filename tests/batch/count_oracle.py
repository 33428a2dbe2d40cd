"""Work small counts out of the CSV files of a batch, by linear programmes written from what the words mean.

The unknowns are the insured of each commune, group and month, nothing of the package: totals are their sums,
uninsured people are the population less the insured, a change is one month less the month before.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import csr_array

from bhyt_analysis.law.groups import wider_groups
from bhyt_analysis.tables.labels import group_name
from tests.batch.small_inputs import APART, FIRST_MONTH

HIDDEN = ("<5", "…")
# Groups that the model of a page has in others; all others have their own names there.
PROJECTED = {
    "minority_in_difficult_area": "difficult_area",
    "resident_of_island": "difficult_area",
    "war_veteran": "state_paid_other",
    "person_of_merit_other": "state_paid_other",
    "employee_of_cooperative": "employer_employee",
}
SLACK = 1e-6


@dataclass
class CountOracle:
    """What the files of a batch (in English) say of the counts; ``people``, ``insured``: the truth."""

    people: np.ndarray
    insured: np.ndarray
    rows: list[tuple[np.ndarray, float, float]] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)  # folders whose page has a model

    def __post_init__(self) -> None:
        self.months, self.communes, self.groups = self.insured.shape
        self.days = [str(d.date()) for d in pd.date_range(FIRST_MONTH, periods=self.months, freq="ME")]

    def sum_of(self, communes: list[int], groups: list[int], month: int = -1) -> np.ndarray:
        """Return the coefficients of a sum of the unknowns."""
        chosen = np.zeros(self.insured.shape)
        chosen[np.ix_([month % self.months], communes, groups)] = 1
        return chosen.ravel()

    def read(self, folder: Path, communes: list[int]) -> None:
        """Take down what the files of an area tell; ``communes``: those that it consists of."""
        everybody, population = list(range(self.groups)), float(self.people[communes].sum())
        for name in ("groups", "subgroups", "subsidy"):
            for row in _rows(folder, name):
                label = row.get("Group", row.get("Sub-group", ""))
                own = [g for g in everybody if label in _labels(APART[g])]
                self._count(f"{folder.name}/{name} {label}", row["Insured"], self.sum_of(communes, own))
                self._rate(row.get("Rate (% of population)", ""), self.sum_of(communes, own), population)
        for row in _rows(folder, "months"):
            month = self.days.index(row["Date"])
            total = self.sum_of(communes, everybody, month)
            self._count(f"{folder.name}/months {row['Date']}", row["Insured"], total)
            self._rate(row["Rate (% of population)"], total, population)
            if month:
                self._exact(row["Change"], total - self.sum_of(communes, everybody, month - 1))
        for name in ("communes", "allocation", "watch", "watch_funnel"):
            for row in _rows(folder, name):
                own = self._communes_of(row["Area"], communes)
                total, people = self.sum_of(own, everybody), float(self.people[own].sum())
                self._count(f"{folder.name}/{name} {row['Area']}", row["Insured"], total)
                self._count(f"{folder.name}/{name} {row['Area']}", row.get("Uninsured", ""), -total, people)
                self._rate(row.get("Rate (% of population)", ""), total, people)
                if self.months > 1:
                    self._exact(row.get("On last month", ""), total - self.sum_of(own, everybody, -2))
        facts = {f["key"]: f for f in json.loads((folder / "facts.json").read_text(encoding="utf-8"))["facts"]}
        total = self.sum_of(communes, everybody)
        for key, sums, constant in (("insured", total, 0.0), ("uninsured", -total, population)):
            if key in facts and facts[key]["value"] is not None:
                self._count(f"{folder.name}/facts {key}", str(facts[key]["value"]), sums, constant)
        if "coverage" in facts and facts["coverage"]["value"] is not None:
            self.rows.append((total, facts["coverage"]["value"] * population, facts["coverage"]["value"] * population))

        self._model(folder, communes)

    def _model(self, folder: Path, communes: list[int]) -> None:
        """Take down the constants of the page's model: a count of each group, some of which are sums."""
        path = folder / "model.json"
        model = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if "groups" not in model:
            return
        self.models.append(folder.name)
        self._constants(f"{folder.name}/model", communes, model, -1, model["groups"])
        uninsured = str(int(model["one_unit"]["exits"]["stock"][-1]))
        total = self.sum_of(communes, list(range(self.groups)))
        self._count(f"{folder.name}/model uninsured", uninsured, -total, float(self.people[communes].sum()))
        self._places(f"{folder.name}/places", communes, model, -1)
        zones = model["zones"] or {"communes": []}
        if earlier := zones.get("model"):
            month = self.days.index(earlier["as_of"])
            self._places(f"{folder.name}/zones", communes, {**model, **earlier}, month)
        for commune in zones["communes"]:
            month = self.days.index(str(pd.Timestamp(commune["on"]) - pd.Timedelta(days=1))[:10])
            own = [int(commune["code"].removeprefix("C"))]
            for key, part in commune["entitlements"].items():
                sums = self.sum_of(own, [g for g in range(self.groups) if APART[g] == key], month)
                self._count(f"{folder.name}/zones {commune['code']} {key}", str(part["before"]), sums)
                for kept in (part["before"] - lost for lost in part["lost"]):
                    self.mistakes += [f"{folder.name}/zones: {kept} keep {key}"] if 1 <= kept <= 4 else []

    def _places(self, place: str, communes: list[int], model: dict, month: int) -> None:
        """Take down the counts of the units of a model: each commune, or all as one."""
        places, units = model["places"], [[i] for i in communes]
        rows = zip(places["population"], places["insured"], strict=True)
        for own, (people, insured) in zip(units if len(places["population"]) > 1 else [communes], rows, strict=True):
            self._constants(f"{place} {own}", own, {"insured": insured, "population": people}, month, model["groups"])

    def _constants(self, place: str, communes: list[int], counts: dict, month: int, groups: list[str]) -> None:
        """Take down a count of each group, some of which are sums, and of the people without a card."""
        for key, count in zip(groups, counts["insured"], strict=True):
            own = [g for g in range(self.groups) if PROJECTED.get(APART[g], APART[g]) == key]
            self._count(f"{place} {key}", str(count), self.sum_of(communes, own, month))
        total = self.sum_of(communes, list(range(self.groups)), month)
        people = float(self.people[communes].sum())
        self._count(f"{place} uninsured", str(counts["population"] - sum(counts["insured"])), -total, people)

    def _communes_of(self, name: str, communes: list[int]) -> list[int]:
        number = name.removeprefix("Nhỏ ").partition(" ")[0]
        return [int(number) - 1] if number.isdigit() else communes

    def _exact(self, text: str, sums: np.ndarray, constant: float = 0.0) -> None:
        if text not in ("", *HIDDEN):
            self.rows.append((sums, float(text) - constant, float(text) - constant))

    def _count(self, place: str, text: str, sums: np.ndarray, constant: float = 0.0) -> None:
        truth = float(sums @ self.insured.ravel()) + constant
        if text == "<5":
            self.rows.append((sums, 1 - constant, 4 - constant))
            self.mistakes += [] if 1 <= truth <= 4 else [f"{place}: <5 for {truth:n}"]
        elif text not in ("", "…"):
            self.mistakes += [] if float(text) == truth else [f"{place}: {text} for {truth:n}"]
            self.mistakes += [f"{place}: prints {text}"] if 1 <= truth <= 4 else []
            self._exact(text, sums, constant)

    def _rate(self, text: str, sums: np.ndarray, divisor: float) -> None:
        if text not in ("", *HIDDEN):
            digits = len(text.partition(".")[2])
            half = 0.5 * 10**-digits + 1e-9
            self.rows.append((sums, (float(text) - half) / 100 * divisor, (float(text) + half) / 100 * divisor))

    def small_counts(self) -> Iterator[tuple[str, np.ndarray, float]]:
        """Yield the counts of 1 to 4 people that somebody could want to know: name, coefficients, constant."""
        everybody, district = list(range(self.groups)), list(range(self.communes))
        for communes in ([i] for i in district) if self.communes > 1 else ():
            for month in range(self.months):
                total = self.sum_of(communes, everybody, month)
                yield f"insured of {communes} in month {month}", total, 0.0
                yield f"uninsured of {communes} in month {month}", -total, float(self.people[communes].sum())
            for g in everybody:
                yield f"{APART[g]} of {communes}", self.sum_of(communes, [g]), 0.0
        for g in everybody:
            yield f"{APART[g]} of the district", self.sum_of(district, [g]), 0.0
        total = self.sum_of(district, everybody)
        yield "uninsured of the district", -total, float(self.people.sum())

    def recovered(self) -> list[str]:
        """Return the small counts that the files leave one value for."""
        matrix = np.array([sums for sums, _, _ in self.rows])
        limits = [
            self.sum_of([i], list(range(self.groups)), m) for i in range(self.communes) for m in range(self.months)
        ]
        most = [float(self.people[i]) for i in range(self.communes) for _ in range(self.months)]
        upper = csr_array(np.vstack([matrix, -matrix, np.array(limits)]))
        bounds = np.array([high + SLACK for _, _, high in self.rows] + [SLACK - low for _, low, _ in self.rows] + most)
        recovered = []
        for name, sums, constant in self.small_counts():
            if 1 <= sums @ self.insured.ravel() + constant <= 4:
                ends = [linprog(sign * sums, upper, bounds, bounds=(0, None)).fun for sign in (1, -1)]
                low, high = ends[0] + constant, -ends[1] + constant
                if np.floor(high + 1e-3) <= np.ceil(low - 1e-3):
                    recovered.append(f"{name}: {low:.3f} to {high:.3f}")
        return recovered


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    path = folder / "tables" / f"{name}.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _labels(group: str) -> set[str]:
    """Return the headings under which the people of a group are counted."""
    return {group_name(g, "en") for g in (group, *wider_groups(group))}
