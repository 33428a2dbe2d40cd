"""Does the warm engine give what the standard one gives? What two runs of one area left is compared."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from bhyt_analysis.batch.build_record import RECORD
from bhyt_analysis.documents.formats import FORMATS

# What differs between any two runs of the same notebook.
TIMES = ("papermill", "execution", "language_info")
NAMES = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|0x[0-9a-f]{6,}|\bT_[0-9a-f]{5}(?![0-9a-f])"
)
SVG = "image/svg+xml"
EXACT = (".csv", ".json", ".png")


def difference(one: Path, other: Path) -> str:
    """What differs between two notebooks and the files beside them, in a few words; empty if nothing does.

    Times, addresses in memory and names drawn at random do not count, nor what is inside an SVG.
    """
    first, second = (sorted(folder.glob("*.ipynb")) for folder in (one, other))
    if len(first) != 1 or len(second) != 1:
        return "notebook"
    cells, others = normalised_cells(first[0]), normalised_cells(second[0])
    for number, (cell, its) in enumerate(zip(cells, others, strict=False), 1):
        if cell != its:
            return "metadata" if number == len(cells) == len(others) else f"cell {number}"
    if len(cells) != len(others):
        return "cells"
    files, theirs = _files(one), _files(other)
    return next((name for name in sorted(files.keys() | theirs.keys()) if files.get(name) != theirs.get(name)), "")


def normalised_cells(notebook: Path) -> list[Any]:
    """The cells of a notebook and, last, its metadata, without what no two runs have in common."""
    told = json.loads(notebook.read_text(encoding="utf-8"))
    parts = [{k: v for k, v in cell.items() if k != "id"} for cell in told["cells"]]
    parts.append({"cell_type": "", "metadata": told["metadata"]})
    for part in parts:
        part["outputs"] = _joined(part.get("outputs", []))
        part["metadata"] = {k: v for k, v in part["metadata"].items() if k not in TIMES}
        for widgets in part["metadata"].get("widgets", {}).values():  # written in the order of names drawn at random
            widgets["state"] = sorted(NAMES.sub("name", json.dumps(m)) for m in widgets.get("state", {}).values())
    seen: dict[str, str] = {}
    text = NAMES.sub(lambda m: seen.setdefault(m[0], f"name {len(seen)}"), json.dumps(parts, sort_keys=True))
    return list(json.loads(text))


def _joined(outputs: list[Any]) -> list[Any]:
    """Outputs with all that went to one stream in one: where its messages end is a matter of chance."""
    rest = [o for o in outputs if o["output_type"] != "stream"]
    for output in rest:
        if SVG in output.get("data", {}):  # its date and the names in it are new each time
            output["data"][SVG] = ""
    names = sorted({o["name"] for o in outputs if o["output_type"] == "stream"})
    return rest + [{n: "".join("".join(o["text"]) for o in outputs if o.get("name") == n)} for n in names]


def _files(folder: Path) -> dict[str, bytes]:
    """What a notebook has left; the documents are made from it afterwards, and not of the second run."""
    every = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    made = {name: p for name, p in every.items() if p.suffix[1:] not in ("ipynb", *FORMATS) and name != RECORD}
    return {name: p.read_bytes() if p.suffix in EXACT else b"" for name, p in made.items()}
