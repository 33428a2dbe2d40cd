"""Which rows of an input does one unit's briefing depend on?

A briefing of one district reads a few thousand of a country's millions of rows. They are
found by position once for all units, and told apart by a fingerprint: what has not changed
need not be made again.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from bhyt_analysis.domain.dataset import TABLES, Dataset
from bhyt_analysis.domain.geography import communes, lineage, match_units

# The units themselves stay whole in every part: names are looked up among all of them.
SHARED_TABLES = ("areas", "successors", "documents")


class AreaPartitions:
    """The parts of a dataset by unit.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> parts = AreaPartitions(load())
    >>> len(parts.of("Lục Ngạn").cards), len(parts.of("X001").cards)
    (0, 3456)
    """

    def __init__(self, data: Dataset) -> None:
        self.data = data
        self._positions = {name: getattr(data, name).groupby(_key(name)).indices for name in TABLES if _key(name)}

    def of(self, area: str) -> Dataset:
        """The dataset with those rows of its tables that concern a unit: its own, those of what lies in it and above it."""
        concerned = self._concerned(area)
        tables = {n: getattr(self.data, n).iloc[self._rows(n, concerned)].reset_index(drop=True) for n in TABLES if n not in SHARED_TABLES}  # fmt: skip
        return replace(self.data, **tables)

    def sha256(self, area: str) -> str:
        """A fingerprint of all rows that concern a unit, without the files and rows in which they stand."""
        concerned, digest = self._concerned(area), hashlib.sha256()
        for name in TABLES:
            rows = self._hashes[name]
            digest.update(name.encode() + (rows[self._rows(name, concerned)] if _key(name) else rows).tobytes())
        return digest.hexdigest()

    @cached_property
    def _hashes(self) -> dict[str, np.ndarray]:
        told = {name: getattr(self.data, name).drop(columns=["file", "row"]) for name in TABLES}
        return {name: pd.util.hash_pandas_object(t, index=False).to_numpy() for name, t in told.items()}

    def _rows(self, name: str, concerned: set[str]) -> np.ndarray:
        found = [self._positions[name][code] for code in concerned if code in self._positions[name]]
        return np.sort(np.concatenate(found)) if found else np.array([], dtype=int)

    def _concerned(self, area: str) -> set[str]:
        areas, successors = self.data.areas, self.data.successors
        code = str(match_units(areas, area)["code"].iloc[0])
        inside = {code, *communes(areas, code)}
        inside |= set(areas.loc[areas["parent"].isin(inside), "code"])
        new = set(successors.loc[successors["code_old"].isin(inside), "code_new"])
        return {*(c for c, *_ in lineage(areas, code)), *inside, *new, "each"}


# A batch reads its input once, and puts the part of each area where the area's notebook finds it:
# in a folder of its own that this variable of the environment names.
FOLDER = "BHYT_PARTS"


def write_partition(folder: Path, path: str | None, area: str, part: Dataset) -> None:
    """Put a part ready for `read_partition` in other processes."""
    folder.mkdir(parents=True, exist_ok=True)
    partition_path(folder, path, area).write_bytes(pickle.dumps(part, protocol=pickle.HIGHEST_PROTOCOL))


def read_partition(path: str | Path | None, area: str) -> Dataset | None:
    """The part that a batch has put ready for this very input and area, or None."""
    if not (folder := os.environ.get(FOLDER)):
        return None
    file = partition_path(Path(folder), path, area)
    return pickle.loads(file.read_bytes()) if file.is_file() else None


def partition_path(folder: Path, path: str | Path | None, area: str) -> Path:
    """Where the part of an input that concerns a unit is put ready."""
    return folder / (hashlib.sha256(f"{path or ''}\0{area}".encode()).hexdigest() + ".pickle")


def _key(name: str) -> str:
    """The column by which a table's rows belong to a unit; "" for a table that is everybody's."""
    return {"areas": "code", "successors": "code_old", "documents": ""}.get(name, "area")
