"""Read and write ``manifest.json``: what was built, from what, and how it ended."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
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


@dataclass(frozen=True)
class AreaResult:
    """How an area ended; ``files`` are relative to the folder of the batch."""

    area: str
    slug: str
    status: str  # done, skipped (nothing had changed), failed, timeout
    seconds: float = 0.0
    error: str | None = None
    inputs_sha256: str = ""
    files: list[str] = field(default_factory=list)
    cell_seconds: list[tuple[str, float]] = field(default_factory=list)  # not in the manifest

    @property
    def is_complete(self) -> bool:
        """Return whether the area has been built, in this run or in an earlier one."""
        return self.status in ("done", "skipped")


@dataclass(frozen=True)
class Manifest:
    """What a run has built, and what an earlier one has left in the folder."""

    started: str
    finished: str | None
    versions: dict[str, str]
    law_sha256: str
    inputs_sha256: str
    areas: list[AreaResult]

    def to_dict(self) -> dict[str, Any]:
        """Return the manifest as JSON has it."""
        fields = asdict(self)
        for row in fields["areas"]:
            del row["cell_seconds"]
        return fields

    def write(self, out: Path) -> None:
        """Write ``manifest.json``."""
        write_atomically(out / FILE, json.dumps(self.to_dict(), ensure_ascii=False, indent=1) + "\n")


def read_manifest(out: Path) -> Manifest | None:
    """Read the manifest that an earlier run has left in this folder; None if there is none, or none of ours."""
    try:
        fields = json.loads((out / FILE).read_text(encoding="utf-8"))
        return Manifest(**{**fields, "areas": [AreaResult(**row) for row in fields["areas"]]})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def versions() -> dict[str, str]:
    """Return the versions of the libraries that briefings are built with."""
    return {"bhyt_analysis": __version__, "python": platform.python_version(), **{n: version(n) for n in LIBRARIES}}


def timestamp() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that it is never there in part."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
