"""Store the rows of an input on which one unit's briefing depends, for other processes, and tell if they changed.

A briefing of one district reads a few thousand of a country's millions of rows. What has not changed need not be built
again. A partition on disk is a folder with one JSON file, which `load` reads as it reads an input.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd

from bhyt_analysis.domain.area_view import units_around
from bhyt_analysis.domain.dataset import TABLES, UNIT_TABLES, Dataset
from bhyt_analysis.domain.findings import decode_part, encode_part
from bhyt_analysis.domain.geography import NO_UNIT, Geography, Unit

FILE_NAME = "partition.json"  # marks the folder of a partition
_PLACE_COLUMNS = ["file", "row", "unit_id"]  # the place of a row is no part of what it says


def partition_sha256(data: Dataset, unit: Unit) -> str:
    """Return a fingerprint of the rows on which a unit's briefing depends, whatever their order and place.

    These are the rows of the unit, of those in it and above it, and of those from which they came.
    """
    rows, names = data.result(_digests)
    geography = data.geography
    inside = set(geography.inside(unit))
    above, listed = units_around(geography, inside)
    figures = {u.id for u in (*inside, *above, *(o for u in inside for o in geography.origins(u)))} | {NO_UNIT}
    digests = [*(rows[i] for i in figures if i in rows), *(names[u.id] for u in listed)]
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()


def _digests(data: Dataset) -> tuple[dict[int, bytes], dict[int, bytes]]:
    """Return the digests of the rows about each unit, and of its row in the table of units."""
    parts_by_unit: dict[int, list[bytes]] = defaultdict(list)
    for name in UNIT_TABLES:
        hashes = _row_hashes(getattr(data, name))
        units = {NO_UNIT: slice(None)} if name == "documents" else data.rows_by_unit[name]
        for unit, positions in units.items():
            parts_by_unit[int(unit)].append(name.encode() + np.sort(hashes[positions]).tobytes())
    hashes, positions_by_code = _row_hashes(data.successors), data.successors.groupby("code_old").indices
    for code, positions in positions_by_code.items():
        for former in data.geography.units_with_code(str(code)):
            parts_by_unit[former.id].append(b"successors" + np.sort(hashes[positions]).tobytes())
    rows = {unit: hashlib.sha256(b"".join(parts)).digest() for unit, parts in parts_by_unit.items()}
    areas = zip(data.areas["unit_id"].tolist(), _row_hashes(data.areas), strict=True)
    return rows, {unit: number.tobytes() for unit, number in areas}


def _row_hashes(table: pd.DataFrame) -> np.ndarray:
    rows = table.drop(columns=_PLACE_COLUMNS, errors="ignore")
    return pd.util.hash_pandas_object(rows, index=False).to_numpy()


def write_partition(folder: Path, data: Dataset, unit: Unit | None = None, day: pd.Timestamp | None = None) -> Path:
    """Store a dataset in a folder, for `read_partition` in other processes.

    ``unit``: the one whose rows these are, as `select_area` gives them for the day; they are not selected again.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from bhyt_analysis.ingest.loader import load
    >>> folder = write_partition(Path(mkdtemp()), load(area="X001"))
    >>> len(load(folder).cards), load(folder).sha256 == load().sha256
    (3456, True)
    """
    tables = {name: _encode_table(getattr(data, name)) for name in TABLES}
    today = data.geography.today
    about = {"today": today, "source": data.source, "sha256": data.sha256, "warnings": data.warnings}
    selection = None if unit is None else (unit.id, None if day is None else day.isoformat())
    record = about | {"tables": tables, "selection": selection}
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
    tables = {name: _decode_table(columns) for name, columns in record.pop("tables").items()}
    geography = Geography(tables["areas"], tables["successors"], record.pop("today"))
    selection = record.pop("selection")
    data = Dataset(**record | tables, geography=geography)
    if selection is not None:
        unit, day = selection
        object.__setattr__(data, "selection", (unit, None if day is None else pd.Timestamp(day)))
    return data


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
