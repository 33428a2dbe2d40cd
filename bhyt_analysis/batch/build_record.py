"""Record what a batch and each of its areas were built from, so that a later run builds only what has changed.

An area's record, ``build.json``, is moved to its place with the other files of its folder: a run that was killed
leaves all of an area or nothing of it. ``manifest.json`` in the folder of the batch has how each area ended.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bhyt_analysis import __version__
from bhyt_analysis.documents.formats import PAGE
from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.user_cache import code_sha256, files_sha256
from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.clock import Period
from bhyt_analysis.i18n.failures import name_file
from bhyt_analysis.law.law import Law

FILE, MANIFEST = "build.json", "manifest.json"
OWN_FIELDS = ("cell_seconds", "warm_failure", "was_cut_short")  # of an area's result, which the manifest does not have
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
    note: str = ""  # why a file is not there that could not be made on this computer; in the manifest only then
    cell_seconds: list[tuple[str, float]] = field(default_factory=list)  # not in the manifest
    warm_failure: str = ""  # why the standard engine has run it in place of the warm one; not in the manifest
    was_cut_short: bool = False  # by lack of time, memory or disk, or its process died; not in the manifest

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
    disclosure: str = "on"  # "off": internal copies; only then is it in the file

    def to_dict(self) -> dict[str, Any]:
        """Return the manifest as JSON has it; times are those of ``SOURCE_DATE_EPOCH`` where that is set."""
        times = {"seconds": 0.0} if clock.source_date() else {}
        left_out = [{*OWN_FIELDS, *(() if area.note else ("note",))} for area in self.areas]
        rows = zip(self.areas, left_out, strict=True)
        areas = [{k: v for k, v in (asdict(area) | times).items() if k not in out} for area, out in rows]
        record = {**vars(self), "areas": areas}
        if self.disclosure == "on":
            del record["disclosure"]
        return record

    def write(self, out: Path) -> None:
        """Write ``manifest.json``."""
        write_atomically(out / MANIFEST, json.dumps(self.to_dict(), ensure_ascii=False, indent=1) + "\n")


def read_manifest(out: Path) -> Manifest | None:
    """Read the manifest that an earlier run has left in this folder; None if there is none, or none of ours."""
    try:
        fields = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        return Manifest(**fields | {"areas": [AreaResult(**row) for row in fields["areas"]]})
    except (OSError, ValueError, KeyError, TypeError):
        return None


@dataclass(frozen=True)
class BuildRecord:
    """What an area was built from, in which formats, and the SHA-256 of each file by its path in the area's folder.

    ``same_words``: the days on which the briefing says the same, as fields of `Period`. ``disclosure``: "on", or "off"
    for an internal copy. ``hidden``: how many figures are hidden because of all areas of the batch together.
    """

    inputs_sha256: str
    formats: Sequence[str]
    files: dict[str, str]
    same_words: dict[str, str | None] = field(default_factory=dict)
    disclosure: str = "on"
    hidden: int = 0


def write_build_record(
    folder: Path,
    inputs_sha256: str,
    formats: Sequence[str] = (PAGE,),
    same_words: Period | None = None,
    disclosure: str = "on",
    hidden: int = 0,
) -> list[str]:
    """Write the record of a finished area into its folder; return its files, by their path in it."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    files = {path.relative_to(folder).as_posix(): file_sha256(path) for path in paths}
    record = asdict(
        BuildRecord(inputs_sha256, list(formats), files, asdict(same_words or Period()), disclosure, hidden)
    )
    with name_file(folder / FILE):
        (folder / FILE).write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return sorted([*files, FILE])


def read_build_record(folder: Path) -> BuildRecord | None:
    """Read the record of an area; None if there is none, or none of ours."""
    try:
        record = BuildRecord(**json.loads((folder / FILE).read_text(encoding="utf-8")))
        return record if isinstance(record.files, dict) else None
    except (OSError, ValueError, TypeError):
        return None


def changed_files(folder: Path, record: BuildRecord) -> Iterator[str]:
    """Yield the files of an area that are missing or not as they were built; the hash is compared, not the size."""
    for name, sha256 in record.files.items():
        try:
            if file_sha256(folder / name) != sha256:
                yield name
        except OSError:
            yield name


def reusable_files(folder: Path, inputs_sha256: str | None = None, formats: Sequence[str] = ()) -> list[str] | None:
    """Return the files of an area that is complete, from these inputs and in all these formats, or None.

    Its words must be those of today. Without inputs it may be made of any, on any day.
    """
    record = read_build_record(folder)
    try:
        if record is None or inputs_sha256 not in (None, record.inputs_sha256) or set(formats) - set(record.formats):
            return None
        if inputs_sha256 is not None and not Period(**record.same_words).holds_on(clock.today()):
            return None
    except (TypeError, AttributeError):  # a record that was spoilt
        return None
    return None if any(changed_files(folder, record)) else sorted([*record.files, FILE])


def is_up_to_date(out: Path, manifest: Manifest, formats: Sequence[str]) -> bool:
    """Return whether everything of an earlier run is complete, in all these formats."""
    complete = (a.is_complete and reusable_files(out / a.slug, a.inputs_sha256, formats) for a in manifest.areas)
    return all(complete)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def json_sha256(*values: object) -> str:
    """Return a fingerprint of anything that JSON can hold."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of the libraries that briefings are built with."""
    return {"bhyt_analysis": __version__, "python": platform.python_version(), **{n: version(n) for n in LIBRARIES}}


def timestamp() -> str:
    """Return the time in UTC, to the second."""
    return clock.now().isoformat(timespec="seconds")


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that it is never there in part."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with name_file(path, always=True):
            part.write_text(text, encoding="utf-8")
            os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


@lru_cache(maxsize=1)
def code_fingerprint() -> str:
    """Return a fingerprint of what every area is built with: our code, the template, the law, the libraries."""
    country = (bundled_path("data") / "country").glob("*.csv")  # also people of units of the input
    others = files_sha256([*country, bundled_path("notebooks") / "area_briefing.ipynb"])
    return json_sha256(code_sha256(), others, Law.read().sha256(), versions())
