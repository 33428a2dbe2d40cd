"""What was made, from what, and how it ended: ``manifest.json`` beside the briefings."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bhyt_analysis import __version__

FILE = "manifest.json"
LIBRARIES = (
    "numpy", "pandas", "matplotlib", "seaborn", "papermill", "nbclient", "nbconvert", "ipykernel",
    "python-docx", "python-pptx", "xlsxwriter",
)  # fmt: skip


def versions() -> dict[str, str]:
    """What the briefings were made with."""
    return {"bhyt_analysis": __version__, "python": platform.python_version(), **{n: version(n) for n in LIBRARIES}}


def timestamp() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that its name never stands for half of it."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def read_manifest(out: Path) -> dict[str, Any]:
    """The manifest that an earlier run has left in this folder; empty if there is none, or none of ours."""
    try:
        told = json.loads((out / FILE).read_text(encoding="utf-8"))
        return told if isinstance(told["areas"], list) and all(map(_is_area, told["areas"])) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _is_area(told: Any) -> bool:
    return isinstance(told, dict) and {"area", "slug", "status", "files"} <= set(told)


def is_complete(area: dict[str, Any]) -> bool:
    """Whether an area of a manifest has been made, in that run or in one before."""
    return area["status"] == "done" or (area["status"] == "skipped" and not area["error"])


def write_manifest(out: Path, manifest: dict[str, Any]) -> None:
    """Write ``manifest.json``."""
    write_atomically(out / FILE, json.dumps(manifest, ensure_ascii=False, indent=1) + "\n")
