"""The policy of a projection: what is decided, by which law, with which behaviour."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

import pandas as pd

from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.geography import Unit, check_area_codes
from bhyt_analysis.domain.input_error import InputError
from bhyt_analysis.i18n.cards import HasCard, Rows, shorten_list, target_text
from bhyt_analysis.i18n.dates import parse_month
from bhyt_analysis.i18n.languages import lang
from bhyt_analysis.i18n.messages import BhytError, format_message, has_message, nearest_choice, translate
from bhyt_analysis.i18n.shares import parse_share
from bhyt_analysis.i18n.text import clean_line
from bhyt_analysis.law.groups import groups
from bhyt_analysis.law.law import Law, value_text
from bhyt_analysis.model.projection.assumptions import RANGE, Range, allowed_range, assumptions, read_ranges
from bhyt_analysis.model.reclassification.zone_moves import apply_zone_moves

YEARS = range(1990, 2101)  # of every day: months outside would never end, or have no law
Target = Mapping[str, Any]  # a coverage to reach: ``on`` (day), ``rate`` (share), ``relation`` ("=", ">=" or ">")


@dataclass(frozen=True, eq=False, repr=False)
class Scenario(HasCard):
    """A policy: what is decided, by which law, with which behaviour, towards which targets.

    Only a name is needed; `replace` gives another one from it. Functions that take a scenario take the name of a
    bundled one, or the path of a file (docs/scenarios.md), as well.

    Attributes
    ----------
    name, name_en
        the name in outputs, in Vietnamese and in English.
    decision
        the decision whose communes leave or join the difficult zones; "" is none.
    zones
        a list of the user's own (rows of the table ``zones``), or None.
    zone_moves
        communes in another zone than by the decision: rows of ``area``, ``zone``, and where they differ ``since``,
        ``special_villages_share`` (see `apply_zone_moves`).
    reforms
        changes of the law, each on top of those before it.
    start, end
        first and last month, such as "12/2022" or any day of it; None leaves the choice to the figures.
    support_window
        "decree 75", "decree 75 until repeal" (not after 14 August 2025, an open point of the law), "decree 188" or
        "none": whose 36 months of support count; "" leaves it to the decision (the table ``decisions``).
    assumption_ranges
        assumptions of the scenario, name to (low, central, high), or to one value (the names are in the table of
        docs/scenarios.md and in `bhyt_analysis.model.projection.assumptions.assumptions`).
    income
        VND a month by group, for those who contribute on earnings.
    targets
        rows of ``on``, ``rate`` (0.95, 95 or "95%"), and ``relation`` ("=", ">" or, left out, ">=").
    seed
        of the random draws.

    Raises
    ------
    BhytError
        for assumptions that there are not, or that can't have such a value, days and shares that are none.

    Examples
    --------
    >>> high = bhyt.Scenario("high outreach", decision="861", assumption_ranges={"outreach": 2})
    >>> high.is_proposal, high.replace(name="none", assumption_ranges={"outreach": 0}).assumption_ranges
    (False, {'outreach': (0.0, 0.0, 0.0)})
    >>> bhyt.Scenario("high outreach", assumption_ranges={"outrech": 2})
    Traceback (most recent call last):
    bhyt_analysis.i18n.messages.BhytError: There is no assumption "outrech"; did you mean outreach?
    """

    name: str
    name_en: str = ""
    decision: str = ""
    zones: pd.DataFrame | None = None
    zone_moves: tuple[Mapping[str, object], ...] = ()
    reforms: tuple[Law, ...] = ()
    start: pd.Timestamp | None = None
    end: pd.Timestamp | None = None
    support_window: str = ""
    assumption_ranges: Mapping[str, Range] = field(default_factory=dict)
    income: Mapping[str, float] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    seed: int = 1

    def __post_init__(self) -> None:
        """Clean the texts that outputs repeat, and read what people write in short."""
        values: dict[str, Any] = {key: clean_line(str(getattr(self, key))) for key in ("name", "name_en", "decision")}
        for key in ("start", "end"):
            if isinstance(day := getattr(self, key), str):
                values[key] = pd.Timestamp(parse_month(day))
        values["reforms"] = (self.reforms,) if isinstance(self.reforms, Law) else tuple(self.reforms)
        values["zone_moves"] = tuple(self.zone_moves)
        values["assumption_ranges"] = read_ranges(self.assumption_ranges)
        values["targets"] = tuple(_read_target(target) for target in self.targets)
        for key, value in values.items():
            object.__setattr__(self, key, value)

    def replace(self, **changes: Any) -> Scenario:
        """Return another scenario, with some of the attributes changed.

        Parameters
        ----------
        changes
            attributes by name.

        Returns
        -------
        Scenario
            The other one.

        Raises
        ------
        BhytError
            for attributes that there are not.

        Examples
        --------
        >>> bhyt.read_scenario("status_quo").replace(seed=7).seed
        7
        """
        names = [f.name for f in dataclasses.fields(self)]
        if unknown := next((name for name in changes if name not in names), ""):
            fields = {"function": "replace", "found": unknown, "nearest": nearest_choice(unknown, names) or names[0]}
            raise BhytError(("error.argument_unknown", {**fields, "names": ", ".join(names)}))
        return dataclasses.replace(self, **changes)

    def card(self) -> tuple[str, Rows]:
        """Return what is decided, by which law, and with which assumptions that are not the default."""
        name = self.name_en if lang() == "en" and self.name_en else self.name
        zones = "" if self.zones is None else translate("card.row_count", count=len(self.zones))
        moves = translate("card.commune_count", count=len(self.zone_moves)) if self.zone_moves else ""
        reforms = [text for law in self.reforms for text in _reform_texts(law)]
        window = f"explore.window.{self.support_window.replace(' ', '_')}" if self.support_window else ""
        window = translate(window) if has_message(window) else self.support_window
        months = " – ".join("…" if day is None else f"{day:%m/%Y}" for day in (self.start, self.end))
        rows = [
            (translate("card.decision"), self.decision or translate("card.no_decision")),
            (translate("card.own_zones"), zones),
            (translate("card.moves"), moves),
            (translate("card.reforms"), shorten_list(reforms) or translate("card.no_decision")),
            (translate("card.support_window"), window),
            (translate("card.assumptions"), self._changed_assumptions() or translate("card.default_assumptions")),
            (translate("card.targets"), shorten_list([target_text(**target) for target in self.targets])),
            (translate("card.months"), months if self.start or self.end else ""),
        ]
        return translate("card.scenario", name=name), rows

    def _changed_assumptions(self) -> str:
        usual = assumptions()
        changed = {k: v for k, v in self.assumption_ranges.items() if tuple(usual.loc[k, RANGE]) != tuple(v)}
        return shorten_list([f"{usual.at[k, f'name_{lang()}']} {_range_text(k, v)}" for k, v in changed.items()])

    @classmethod
    def current_law(cls, start: pd.Timestamp | None = None, end: pd.Timestamp | None = None) -> Scenario:
        """Return the scenario of the law in force.

        Parameters
        ----------
        start, end
            first and last month; None leaves the choice to the figures.

        Returns
        -------
        Scenario
            Without a decision and with the default assumptions.

        Examples
        --------
        >>> bhyt.Scenario.current_law().decision
        ''
        """
        name, name_en = (translate("label.law_in_force", language) for language in ("vi", "en"))
        return cls(name, name_en, start=start, end=end)

    def apply_to_law(self, law: Law) -> Law:
        """Return the law with the reforms of the scenario on top, in the reading that it takes of open points.

        Parameters
        ----------
        law
            the law that the reforms change.

        Returns
        -------
        Law
            The law of the scenario.

        Examples
        --------
        >>> plan = bhyt.read_scenario("near_poor_100")
        >>> plan.apply_to_law(bhyt.Law.read()).at("2027-02-01").number("subsidy_share", "near_poor")
        1.0
        """
        return reduce(Law.__or__, self.reforms, law.settle(applies=self.support_window != "decree 75 until repeal"))

    def apply_to_data(self, data: Dataset) -> Dataset:
        """Return the data with the scenario's own list of zones and its moves of communes.

        Data that hold the rows of one unit alone take what is about the units that they have.

        Parameters
        ----------
        data
            what `load` gives.

        Returns
        -------
        Dataset
            Data with other rows of ``zones``.

        Raises
        ------
        InputError
            for areas of the list that the data do not have.
        BhytError
            for moves that can't be made.

        Examples
        --------
        >>> bhyt.Scenario.current_law().apply_to_data(bhyt.load()).source == bhyt.load().source
        True
        """
        is_part, moves = data.selection is not None, self.zone_moves
        if self.zones is not None:
            zones = _with_codes(self.zones, data)
            if is_part:
                zones = zones[zones["area"].isin(data.areas["code"])]
            elif findings := list(check_area_codes(data.areas, zones)):
                raise InputError(*findings)
            kept = data.zones[~data.zones["decision"].isin(zones["decision"])]
            data = dataclasses.replace(data, zones=pd.concat([kept, zones], ignore_index=True))
        if is_part:
            moves = tuple(m for m in moves if _find(data, str(m["area"])))
        return apply_zone_moves(data, self.decision, moves) if moves else data

    def assumptions(self) -> pd.DataFrame:
        """Return the table of assumptions with those that the scenario sets.

        Returns
        -------
        DataFrame
            As of `bhyt_analysis.model.projection.assumptions.assumptions`.

        Examples
        --------
        >>> bhyt.Scenario("x", assumption_ranges={"persistence": 0.8}).assumptions().at["persistence", "central"]
        np.float64(0.8)
        """
        return assumptions(self.assumption_ranges)

    @property
    def is_proposal(self) -> bool:
        """True if one of its reforms is a proposal and not in force."""
        return any((r.table["status"] == "proposal").any() for r in self.reforms)


ScenarioLike = Scenario | str | Path  # itself, the name of a bundled one, or the path of a file


def as_scenario(scenario: ScenarioLike | None) -> Scenario:
    """Return a scenario as the model takes it: the law in force for None.

    The model reads no file: names and paths are read before, where functions are called by their public names.

    Examples
    --------
    >>> as_scenario(None).decision
    ''
    """
    if isinstance(scenario, str | Path):
        raise TypeError(f"{scenario} must be read: call the functions of bhyt_analysis, or read_scenario")
    return Scenario.current_law() if scenario is None else scenario


def _read_target(target: Target) -> Target:
    """Return a target with its month, its share and its relation."""
    on, rate = target["on"], float(parse_share(target["rate"]))
    month = pd.Timestamp(parse_month(on)) if isinstance(on, str) else on
    return {**target, "on": month, "rate": rate, "relation": target.get("relation", ">=")}


def _with_codes(zones: pd.DataFrame, data: Dataset) -> pd.DataFrame:
    """Return a list of zones with the code of each unit that it names; what is no unit stays as it is written."""
    codes = set(data.areas["code"])

    def code(name: str, since: pd.Timestamp) -> str:
        unit = None if name in codes else _find(data, name, None if pd.isna(since) else since)
        return unit.code if unit else name

    return zones.assign(area=list(map(code, zones["area"], zones["since"])))


def _find(data: Dataset, name: str, on: pd.Timestamp | None = None) -> Unit | None:
    """Return the unit of a code or name on a day, None where the data have none."""
    try:
        return data.find(name, on)
    except BhytError:
        return None


def _reform_texts(law: Law) -> Iterator[str]:
    """Yield what each row of a reform sets, and from when."""
    for row in law.table.itertuples():
        key = f" ({groups()[f'name_{lang()}'].get(row.key, row.key)})" if row.key else ""
        since = translate("card.since", since=row.since)
        yield f"{translate(f'parameter.{row.parameter}')}{key} {value_text(row.value)} {since}"


def _range_text(name: str, values: Range) -> str:
    """Return the range of an assumption as people write it; one value where it has no range."""
    spec = "{v:pe}" if allowed_range(name) == (0, 1) else "{v:d1}"
    ends = [format_message(spec if value % 1 else "{v:n}", lang(), v=value) for value in (values[0], values[2])]
    return "–".join(dict.fromkeys(ends))
