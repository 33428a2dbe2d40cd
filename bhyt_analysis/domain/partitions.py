"""Select the rows of an input on which one unit's briefing depends, and store them for other processes.

A briefing of one district reads a few thousand of a country's millions of rows. They are located once for all units,
and each unit's rows have a fingerprint: what has not changed need not be built again. A partition on disk is a folder
with one JSON file, which `load` reads as it reads an input.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from bhyt_analysis.domain.dataset import TABLES, Dataset
from bhyt_analysis.domain.findings import decode_part, encode_part
from bhyt_analysis.domain.geography import communes, lineage, match_units

# The units themselves are in every partition: names are looked up among all of them.
SHARED_TABLES = ("areas", "successors", "documents")
# The column with the unit of a table's rows; a table that is in every fingerprint has none.
UNIT_COLUMNS = dict.fromkeys(TABLES, "area") | {"areas": "code", "successors": "code_old", "documents": None}
FILE_NAME = "partition.json"  # marks the folder of a partition


class AreaPartitions:
    """The partitions of a dataset by unit.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> partitions = AreaPartitions(load())
    >>> len(partitions.select("Lục Ngạn").cards), len(partitions.select("X001").cards)
    (0, 3456)
    """

    def __init__(self, data: Dataset) -> None:
        self.data = data
        self._positions = {n: getattr(data, n).groupby(column).indices for n, column in UNIT_COLUMNS.items() if column}

    def select(self, area: str) -> Dataset:
        """Return the dataset with the rows of a unit, of all units in it and of those above it."""
        codes = self._related_codes(area)
        own = {name: self._rows(name, codes) for name in TABLES if name not in SHARED_TABLES}
        tables = {name: getattr(self.data, name).iloc[rows].reset_index(drop=True) for name, rows in own.items()}
        return replace(self.data, **tables)

    def sha256(self, area: str) -> str:
        """Return a fingerprint of the rows of `select` and their units, without their ``file`` and ``row``."""
        codes, digest = self._related_codes(area), hashlib.sha256()
        for name in TABLES:
            digest.update(name.encode() + self._hashes[name][self._rows(name, codes)].tobytes())
        return digest.hexdigest()

    @cached_property
    def _hashes(self) -> dict[str, np.ndarray]:
        tables = {name: getattr(self.data, name).drop(columns=["file", "row"]) for name in TABLES}
        return {name: pd.util.hash_pandas_object(t, index=False).to_numpy() for name, t in tables.items()}

    def _rows(self, name: str, codes: Iterable[str]) -> np.ndarray:
        if UNIT_COLUMNS[name] is None:
            return np.arange(len(getattr(self.data, name)))
        positions = self._positions[name]
        rows = [positions[code] for code in codes if code in positions]
        return np.sort(np.concatenate(rows)) if rows else np.array([], dtype=int)

    def _related_codes(self, area: str) -> set[str]:
        areas, successors = self.data.areas, self.data.successors
        code = str(match_units(areas, area)["code"].iloc[0])
        inside = {code, *communes(areas, code)}
        inside.update(areas.loc[areas["parent"].isin(inside), "code"])
        new = successors.loc[successors["code_old"].isin(inside), "code_new"]
        return {*(c for c, *_ in lineage(areas, code)), *inside, *new, "each"}


def write_partition(folder: Path, data: Dataset) -> Path:
    """Store a dataset in a folder, for `read_partition` in other processes.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from bhyt_analysis.ingest.loader import load
    >>> folder = write_partition(Path(mkdtemp()), AreaPartitions(load()).select("X001"))
    >>> len(load(folder).cards), load(folder).sha256 == load().sha256
    (3456, True)
    """
    tables = {name: _encode_table(getattr(data, name)) for name in TABLES}
    record = {"source": data.source, "sha256": data.sha256, "warnings": data.warnings, "tables": tables}
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, default=encode_part, ensure_ascii=False, separators=(",", ":"))
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    return folder


def is_partition(path: str | Path | None) -> bool:
    """Tell whether a path is the folder of a partition."""
    return path is not None and Path(path, FILE_NAME).is_file()


def read_partition(folder: str | Path) -> Dataset:
    """Return the dataset that `write_partition` has stored, with the source and fingerprint of its input."""
    record = json.loads(Path(folder, FILE_NAME).read_text(encoding="utf-8"), object_hook=decode_part)
    return Dataset(**record | {name: _decode_table(columns) for name, columns in record.pop("tables").items()})


def _encode_table(table: pd.DataFrame) -> dict[str, dict[str, object]]:
    """Return the columns with their dtypes: each value once, and its position in every row (-1 where missing)."""
    columns = {}
    for name, cells in table.items():
        codes, values = pd.factorize(cells)
        kind = str(cells.dtype)
        plain = values.astype("int64") if kind.startswith("datetime64") else values
        columns[str(name)] = {"dtype": kind, "values": plain.tolist(), "codes": codes.tolist()}
    return columns


def _decode_table(columns: dict[str, dict[str, object]]) -> pd.DataFrame:
    decoded = {}
    for name, column in columns.items():
        values, codes = pd.array(column["values"], dtype=column["dtype"]), np.array(column["codes"], dtype=np.intp)
        decoded[name] = values.take(codes, allow_fill=bool((codes < 0).any()))
    return pd.DataFrame(decoded)
