"""What was made, from what, and how it ended: ``manifest.json`` beside the briefings."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bhyt_analysis import __version__
from bhyt_analysis.inputs.areas import communes, lineage
from bhyt_analysis.inputs.read import TABLES, Dataset

LIBRARIES = ("numpy", "pandas", "matplotlib", "seaborn", "papermill", "nbclient", "nbconvert", "ipykernel")


def versions() -> dict[str, str]:
    """What the briefings were made with."""
    return {"bhyt_analysis": __version__, "python": platform.python_version(), **{n: version(n) for n in LIBRARIES}}


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def area_sha256(data: Dataset, code: str, parameters: dict[str, Any]) -> str:
    """A fingerprint of all that one area's briefing depends on in the input, and its parameters."""
    chain = [c for c, _ in lineage(data.areas, code)]
    inside = {code, *communes(data.areas, code)}
    inside |= set(data.areas.loc[data.areas["parent"].isin(inside), "code"])
    new = set(data.successors.loc[data.successors["code_old"].isin(inside), "code_new"])
    concerned = {*chain, *inside, *new, "each"}
    digest = hashlib.sha256(json.dumps(parameters, sort_keys=True, ensure_ascii=False).encode())
    for name in TABLES:
        table = getattr(data, name).drop(columns=["file", "row"])
        key = next((c for c in ("area", "code", "code_old") if c in table), None)
        rows = table if key is None else table[table[key].isin(concerned)]
        digest.update(rows.to_csv(index=False, lineterminator="\n").encode())
    return digest.hexdigest()


def write_whole(path: Path, text: str) -> None:
    """Write a file so that its name never stands for half of it."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def done_before(out: Path) -> list[dict[str, Any]]:
    """The areas that an earlier run has finished in this folder."""
    try:
        told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["areas"]
        return [a for a in told if a["status"] == "done"]
    except (OSError, ValueError, KeyError, TypeError):  # none, or not ours
        return []


def write_manifest(out: Path, manifest: dict[str, Any]) -> None:
    """Write ``manifest.json``."""
    write_whole(out / "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1) + "\n")
