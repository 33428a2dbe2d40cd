"""Measure finding units, views of areas, and an input of all communes: ``python -m benchmarks.units``.

Each has a named rival and, where there is one, a bare limit, in one run:

- ``find``: names of units of the whole country, against a look-up in pandas' index of the same names; the bare limit
  is a dictionary of them.
- ``views``: a new view of each bundled area with its coverage by group and by commune, against selecting the rows of
  the area and of its communes from the tables by their codes.
- ``country``: the communes of today with cards of 12 groups: read, matched, checked and planned, against pandas'
  reader of the same workbook; the bare limit is the bare reader alone, without a table of pandas.
- ``district``: ``import`` and ``load()`` of an input of one district, in a process of its own, against ``import
  pandas`` and reading its files by pandas.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import python_calamine

import bhyt_analysis as bhyt
from bhyt_analysis.batch.options import BatchOptions
from bhyt_analysis.batch.plan import common_parameters, plan_areas
from bhyt_analysis.domain.dataset import UNIT_TABLES, Dataset
from bhyt_analysis.ingest import synthetic
from bhyt_analysis.ingest.loader import read_input
from bhyt_analysis.law.groups import groups
from bhyt_analysis.model.coverage.coverage import areas_with_figures

NAMES = 20_000
GROUPS = 12


def processor() -> float:
    """Return the seconds of processor that this process and those that it has run have used."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def alternate(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median seconds of processor of each work, taken in turns, after one round that does not count."""
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name, work in works.items():
            start = processor()
            work()
            spent[name].append(processor() - start)
    return {name: statistics.median(seconds[1:]) for name, seconds in spent.items()}


def find() -> dict[str, float]:
    """Measure finding units by name over the whole country."""
    geography = bhyt.country().geography
    rng = np.random.default_rng(1)
    names = [unit.name for unit in geography.units.values()]
    names = [names[i] for i in rng.integers(0, len(names), NAMES)]
    table = bhyt.country().units
    positions = pd.Series(range(len(table)), index=table["name"]).groupby(level=0).first()
    dictionary = positions.to_dict()
    works: dict[str, Callable[[], object]] = {
        "ours": lambda: [geography.matches(name) for name in names],
        "pandas' index": lambda: [positions.loc[name] for name in names],
        "a bare dictionary": lambda: [dictionary[name] for name in names],
    }
    return alternate(works, 5)


def views() -> dict[str, float]:
    """Measure a new view of each bundled area, with coverage by group and by commune; seconds an area."""
    data = bhyt.load()
    areas = areas_with_figures(data)

    def view(area: str) -> None:
        data.views.clear()
        new = bhyt.area(data, area)
        new.coverage(by=["group"])
        new.coverage(by=["commune"])

    def select(area: str) -> None:
        unit = data.find(area)
        codes = [unit.code, *data.geography.commune_codes(unit.code)]
        for name in UNIT_TABLES:
            table = getattr(data, name)
            table[table["area"].isin(codes)]

    works = {"ours": lambda: [view(a) for a in areas], "selection by code": lambda: [select(a) for a in areas]}
    return {name: seconds / len(areas) for name, seconds in alternate(works, 5).items()}


def write_communes(file: Path) -> None:
    """Write a workbook of made-up figures of all communes of today by their names, without a sheet of units."""
    geography = bhyt.country().geography
    communes = [u for u in geography.units.values() if u.kind == "commune" and u.until is None]
    names = [geography.full_name(u).replace(" (", ", ").rstrip(")") for u in communes]
    keys = [k for k in groups().index if groups().at[k, "group"] == "state_paid"][1 : GROUPS + 1]
    common = {"as_of": pd.Timestamp("2026-06-30"), "status": "synthetic", "source": "made up"}
    cards = pd.DataFrame({"area": np.repeat(names, GROUPS), "group": np.tile(keys, len(names))})
    cards["cards"] = np.random.default_rng(1).integers(0, 300, len(cards))
    population = pd.DataFrame({"area": names, "people": 20_000})
    with pd.ExcelWriter(file, engine="openpyxl") as writer:
        for name, table in {"population": population, "cards": cards}.items():
            table.assign(**common).to_excel(writer, sheet_name=name, index=False)


def _planned(file: Path) -> int:
    data, options = read_input(file)[0], BatchOptions()
    assert isinstance(data, Dataset)
    return len(plan_areas(data, file.parent, None, common_parameters(str(file), options), options))


def country() -> dict[str, float]:
    """Measure reading, checking and planning all communes of today."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "communes.xlsx")
        write_communes(file)
        works: dict[str, Callable[[], object]] = {
            "ours": lambda: _planned(file),
            "pandas.read_excel": lambda: pd.read_excel(file, sheet_name=None, engine="calamine"),
            "bare calamine": lambda: _cells(file),
        }
        return alternate(works, 3)


def _cells(file: Path) -> list[list[list[object]]]:
    workbook = python_calamine.load_workbook(str(file))
    return [workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names]


def district(rounds: int = 7) -> dict[str, float]:
    """Measure importing and loading an input of one district, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "district")
        synthetic.write_country(source, 1, 1)
        files = f"from pathlib import Path; files = sorted(Path({str(source)!r}).glob('*.csv'))"
        codes = {
            "ours": f"import bhyt_analysis; bhyt_analysis.load({str(source)!r})",
            "pandas": f"import pandas; {files}; [pandas.read_csv(f) for f in files]",
        }
        works = {
            name: partial(subprocess.run, [sys.executable, "-c", code], check=True) for name, code in codes.items()
        }
        return alternate(works, rounds)


MEASURES = (find, views, country, district)


def main() -> dict[str, dict[str, float]]:
    """Print the seconds of each measure and the ratio of ours to the rival; return them."""
    results = {}
    for measure in MEASURES:
        seconds = measure()
        ours, (rival, other) = seconds["ours"], list(seconds.items())[1]
        extra = "".join(f"   {name} {spent:.4f}" for name, spent in list(seconds.items())[2:])
        print(f"{measure.__name__:16} ours {ours:8.4f} s   {rival} {other:8.4f} s   ratio {ours / other:6.2f}{extra}")
        results[measure.__name__] = {**seconds, "ratio": ours / other}
    return results


if __name__ == "__main__":
    main()
