"""Read the arguments of public functions as people write them, and say in one sentence what is wrong with others."""

from __future__ import annotations

import datetime as dt
import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from bhyt_analysis.domain.area_view import AreaView, area_view
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.geography import Unit
from bhyt_analysis.i18n.dates import parse_date
from bhyt_analysis.i18n.messages import BhytError, nearest_choice
from bhyt_analysis.ingest.scenario_files import read_scenario, scenario_names
from bhyt_analysis.law.law import InForce, Law
from bhyt_analysis.model.monitoring.monitor import monitor
from bhyt_analysis.model.projection.projection import Projection
from bhyt_analysis.model.projection.scenario import Scenario, ScenarioLike
from bhyt_analysis.model.projection.simulate import RESULTS, project_area, simulate
from bhyt_analysis.model.targets.allocation import communes_to_allocate

Arguments = dict[str, Any]
MAX_LETTERS = 60  # of a wrong value in a sentence

# The kinds of arguments, by the annotation of a parameter, and what an error says is expected.
_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "Dataset": (Dataset, "expect.dataset"),
    "pd.DataFrame": (pd.DataFrame, "expect.table"),
    "pd.Series": (pd.Series, "expect.row"),
    "Law": (Law, "expect.law"),
    "InForce": (InForce, "expect.in_force"),
    "Projection": (Projection, "expect.projection"),
    "str | Path": ((str, PathLike), "expect.path"),
    "str | Unit": ((str, Unit), "expect.area"),
    "Dataset | str | Path": ((Dataset, str, PathLike), "expect.path"),
}


def _months(
    data: Dataset, area: str, scenario: ScenarioLike | Sequence[ScenarioLike] | None = None, law: Law | None = None
) -> pd.DataFrame:
    """Return what `simulate` gives without intervals."""
    return simulate(data, area, scenario, law, draws=0)


# What is worked out where data and an area are in place of a parameter, and its arguments that follow data by position.
_FROM_DATA: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "projection": (project_area, ("area", "scenario", "law")),
    "simulated": (_months, ("area", "scenario", "law")),
    "months": (_months, ("area", "scenario", "law")),
    "communes": (communes_to_allocate, ("area",)),
    "funnel.rows": (monitor, ("area", "month")),
}


@functools.cache
def read_arguments(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Return a public function that reads its arguments as people write them.

    - A scenario is a `Scenario`, the name of a bundled one, the path of its file; where several are taken, a list.
      Left out, it is the law in force.
    - The law, where a function needs one, is the bundled one unless another is passed; the law of a day may be the day.
    - Areas may be a list: the rows of each, one below the other, in the order of the list.
    - An `AreaView` is taken in place of data and area; data and area, with a scenario, in place of what is made from
      them (a projection, the months of a simulation, the communes to share a target out to).

    All else raises a BhytError with one sentence that says what was found and what was expected.

    Examples
    --------
    >>> from bhyt_analysis.model.coverage.coverage import coverage
    >>> data = bhyt.load()
    >>> read_arguments(coverage, "coverage")(data, ["Sơn Dương", "X001"])["insured"].tolist()
    [155163, 49505]
    >>> read_arguments(coverage, "coverage")("Sơn Dương")
    Traceback (most recent call last):
    bhyt_analysis.i18n.messages.BhytError: coverage: data is “Sơn Dương”; expected what load() returns
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        values = _Call(name, signature.parameters, list(args), dict(kwargs)).read()
        areas = values.get("area")
        if isinstance(areas, list):
            if not str(signature.return_annotation).startswith("pd.DataFrame"):
                raise _wrong(name, "area", areas, "expect.area")
            return _stack(values.get("data"), areas, [function(**{**values, "area": area}) for area in areas])
        return function(**values)

    # By these it is found again where it is sent to another process.
    call.__module__, call.__qualname__ = "bhyt_analysis", name
    return call


@dataclass
class _Call:
    """A call of a function: its arguments by position that are not read yet, and those by name."""

    function: str
    parameters: Mapping[str, inspect.Parameter]
    queue: list[Any]
    keywords: Arguments
    values: Arguments = field(default_factory=dict)

    def read(self) -> Arguments:
        """Return the value of each parameter that has one."""
        self._part_view()
        for parameter in self.parameters.values():
            self._take(parameter)
        if self.queue or self.keywords:
            self._refuse_rest()
        for name, parameter in self.parameters.items():
            if name not in self.values and parameter.default is parameter.empty:
                self.values[name] = self._default(name)
        values = {name: self._read_value(self.parameters[name], value) for name, value in self.values.items()}
        return _with_baseline(_in_order(values))

    def _part_view(self) -> None:
        """Put data and area in place of a view."""
        if not {"data", "area"} <= self.parameters.keys() or "area" in self.keywords:
            return
        view = self.keywords.get("data") or next(iter(self.queue), None)
        if isinstance(view, AreaView):
            if "data" not in self.keywords:
                self.queue.pop(0)
            self.keywords |= _view_arguments(view)

    def _take(self, parameter: inspect.Parameter) -> None:
        """Take the value of a parameter, if it has one."""
        name = parameter.name
        rule = _FROM_DATA.get(f"{self.function}.{name}") or _FROM_DATA.get(name)
        by_position = parameter.kind is not parameter.KEYWORD_ONLY and name not in self.keywords
        if rule and "data" in self.keywords and name not in self.keywords:
            self.values[name] = self._work_out(self.keywords.pop("data"), *rule)
        elif name in self.keywords:
            self.values[name] = self.keywords.pop(name)
        elif by_position and self.queue and not _is_of_next(parameter, self.queue[0]):
            value = self.queue.pop(0)
            if rule and isinstance(value, Dataset | AreaView):
                value = self._work_out(value, *rule)
            self.values[name] = value

    def _work_out(self, data: Any, function: Callable[..., Any], names: Sequence[str]) -> Any:
        """Return what a function gives of data and the arguments that follow them."""
        parameters = inspect.signature(function).parameters
        inner = {n: self.keywords.pop(n) for n in parameters if n in self.keywords and n not in self.parameters}
        if isinstance(data, AreaView):
            inner |= _view_arguments(data)
        else:
            inner["data"] = data
        for name in (n for n in names if n not in inner):
            if self.queue and not _is_of_next(parameters[name], self.queue[0]):
                inner[name] = self.queue.pop(0)
        return read_arguments(function, self.function)(**inner)

    def _refuse_rest(self) -> None:
        """Raise an error that names the first argument that the function does not have."""
        names = list(self.parameters)
        if self.keywords:
            first = next(iter(self.keywords))
            fields = {"found": first, "nearest": nearest_choice(first, names) or names[0]}
            key = "error.argument_unknown"
        else:
            key, fields = "error.arguments_many", {"found": _describe(self.queue[0])}
        raise BhytError((key, {"function": self.function, "names": ", ".join(names), **fields}))

    def _default(self, name: str) -> Any:
        """Return the value of a parameter that has none; raise an error where it needs one."""
        if name == "scenario":
            return None
        if _kind(self.parameters[name]) == "Law":
            return Law.read()
        raise BhytError(("error.argument_missing", {"function": self.function, "name": name, "call": self._usage()}))

    def _usage(self) -> str:
        """Return the call with the names of its parameters, those that can be left out in brackets."""
        required = [n for n, p in self.parameters.items() if p.default is p.empty]
        others = [n for n in self.parameters if n not in required]
        return f"{self.function}({', '.join(required)}{''.join(f'[, {n}]' for n in others)})"

    def _read_value(self, parameter: inspect.Parameter, value: Any) -> Any:
        """Return a value as the function takes it."""
        name, kind = parameter.name, _kind(parameter)
        takes_none = parameter.default is None or "None" in str(parameter.annotation)
        if value is None and (takes_none or name == "scenario"):
            is_scenario = name == "scenario" and parameter.default is parameter.empty
            return _read_scenarios(self.function, None) if is_scenario else None
        if kind == "InForce" and isinstance(value, str | dt.date):
            return Law.read().at(parse_date(value))
        if kind in _KINDS:
            expected_type, expected = _KINDS[kind]
            if not isinstance(value, expected_type):
                raise _wrong(self.function, name, value, expected)
        elif kind == "int":
            if not (isinstance(value, Integral) or (isinstance(value, float) and value.is_integer())):
                raise _wrong(self.function, name, value, "expect.whole_number")
        elif name in ("result", "results"):
            if unknown := {value} - {*RESULTS} if name == "result" else {*value} - {*RESULTS}:
                raise _wrong(self.function, name, next(iter(unknown)), ", ".join(RESULTS))
        elif name == "scenario":
            return _read_scenarios(self.function, value, several=_takes_several(parameter))
        elif name == "area":
            return _read_area(self.function, value, kind)
        elif name == "decision" and isinstance(value, int):
            return str(value)
        return value


def _in_order(values: Arguments) -> Arguments:
    """Return values with decision and area exchanged where the area is a decision of the data and the other is none."""
    data, decision, area = (values.get(name) for name in ("data", "decision", "area"))
    if isinstance(data, Dataset) and isinstance(decision, str) and isinstance(area, str):
        decisions = {*data.zones["decision"], *data.losses["decision"], *data.decisions["decision"]}
        if area in decisions and decision not in decisions:
            return {**values, "decision": area, "area": decision}
    return values


def _with_baseline(values: Arguments) -> Arguments:
    """Return values with the name that a table has in place of a bundled scenario to compare with."""
    table, baseline = values.get("simulated"), values.get("baseline")
    if not isinstance(table, pd.DataFrame) or baseline not in scenario_names():
        return values
    scenario = read_scenario(baseline)
    names = [name for name in (scenario.name, scenario.name_en) if name in set(table.get("scenario", ()))]
    return {**values, "baseline": names[0]} if names else values


def _view_arguments(view: AreaView) -> Arguments:
    return {"data": view.data, "area": view.code}


def _kind(parameter: inspect.Parameter) -> str:
    """Return the annotation of a parameter without "or None"."""
    return str(parameter.annotation).removesuffix(" | None")


def _is_of_next(parameter: inspect.Parameter, value: Any) -> bool:
    """Return whether a parameter is left out: its value would be a law or a scenario, and this is neither."""
    if _kind(parameter) == "Law":
        return value is not None and not isinstance(value, Law | InForce)
    return parameter.name == "scenario" and not _takes_several(parameter) and not _is_scenario(value)


def _takes_several(parameter: inspect.Parameter) -> bool:
    return "Sequence" in str(parameter.annotation)


def _is_scenario(value: Any) -> bool:
    """Return whether a value can mean a scenario, or a list of them: no number and no day."""
    if isinstance(value, str):
        with suppress(BhytError):
            parse_date(value)
            return False
        return True
    is_list = isinstance(value, Iterable) and not isinstance(value, str | pd.DataFrame | pd.Series | Mapping)
    return value is None or isinstance(value, Scenario | Path) or is_list


def _read_scenarios(function: str, value: Any, several: bool = False) -> Any:
    """Return scenarios by their names, paths or themselves; the law in force for None."""
    if value is None:
        return Scenario.current_law()
    if isinstance(value, Scenario):
        return value
    if isinstance(value, str | Path):
        return read_scenario(value)
    if several and isinstance(value, Iterable) and not isinstance(value, Mapping | pd.DataFrame):
        return [_read_scenarios(function, one) for one in value]
    raise _wrong(function, "scenario", value, "expect.scenarios" if several else "expect.scenario")


def _read_area(function: str, value: Any, kind: str) -> Any:
    """Return an area, or a list of them, as functions take it."""
    if kind == "Area":  # of the law: a name, or a unit with those above it
        return value.places() if isinstance(value, AreaView) else value
    if isinstance(value, AreaView):
        return value.geography.key(value.unit)
    if isinstance(value, str | Unit):
        return value
    if isinstance(value, Sequence | pd.Series | pd.Index | tuple | set) and len(value):
        areas = [_read_area(function, one, kind) for one in value]
        if not any(isinstance(area, list) for area in areas):
            return areas
    raise _wrong(function, "area", value, "expect.areas")


def _stack(data: Any, areas: Sequence[Any], tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all areas, one below the other, with code and name first where they do not have them."""
    parts = []
    for area, table in zip(areas, tables, strict=True):
        view = area_view(data, area)
        own = {"area": view.code, "name": view.unit.name}
        missing = {} if "area" in table else {column: v for column, v in own.items() if column not in table}
        parts.append(pd.concat([pd.DataFrame(missing, index=table.index), table], axis=1) if missing else table)
    rows = [part for part in parts if len(part)] or parts[:1]
    stacked = pd.concat(rows, ignore_index=True)
    stacked.attrs = {"result": tables[0].attrs.get("result", "")}
    return stacked


def _wrong(function: str, name: str, value: Any, expected: str) -> BhytError:
    if name == "cards" and isinstance(value, Dataset | AreaView):
        expected = "expect.cards_table"
    fields = {"function": function, "name": name, "found": _describe(value), "expected": expected}
    return BhytError(("error.argument", fields))


def _describe(value: Any) -> str:
    """Return a wrong value as a sentence shows it: text and numbers themselves, anything else by its type.

    Examples
    --------
    >>> _describe("Sơn Dương"), _describe(861), _describe(pd.DataFrame())
    ('“Sơn Dương”', '861', 'DataFrame')
    """
    if isinstance(value, str):
        return f"“{value[:MAX_LETTERS]}”"
    if isinstance(value, int | float | list | tuple):
        return str(value)[:MAX_LETTERS]
    return type(value).__name__
