"""Record what an area was built from, so that a later run builds only what has changed.

The record is in the folder of its area, ``build.json``, and is moved to its place together with the other
files: a run that was killed leaves all of an area or nothing of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from bhyt_analysis.batch.manifest import Manifest, versions
from bhyt_analysis.documents.formats import PAGE
from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.law.law import Law

FILE = "build.json"
CODE = (".py", ".csv", ".j2")


@dataclass(frozen=True)
class BuildRecord:
    """What an area was built from, in which formats, and the size of each file by its path in the area's folder."""

    inputs_sha256: str
    formats: Sequence[str]
    files: dict[str, int]


def write_build_record(folder: Path, inputs_sha256: str, formats: Sequence[str] = (PAGE,)) -> list[str]:
    """Write the record of a finished area into its folder; return its files, by their path in it."""
    sizes = {p.relative_to(folder).as_posix(): p.stat().st_size for p in sorted(folder.rglob("*")) if p.is_file()}
    record = asdict(BuildRecord(inputs_sha256, list(formats), sizes))
    (folder / FILE).write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return sorted([*sizes, FILE])


def reusable_files(folder: Path, inputs_sha256: str | None = None, formats: Sequence[str] = ()) -> list[str] | None:
    """Return the files of an area that is complete and was built from the same inputs in all these formats, or None.

    Without ``inputs_sha256``, from any inputs.
    """
    try:
        record = BuildRecord(**json.loads((folder / FILE).read_text(encoding="utf-8")))
        is_same = inputs_sha256 in (None, record.inputs_sha256) and set(formats) <= set(record.formats)
        is_whole = is_same and all((folder / name).stat().st_size == size for name, size in record.files.items())
        return sorted([*record.files, FILE]) if is_whole else None
    except (OSError, ValueError, TypeError, AttributeError):  # no record, or a file is missing
        return None


def is_up_to_date(out: Path, manifest: Manifest, formats: Sequence[str]) -> bool:
    """Return whether everything of an earlier run is complete, in all these formats."""
    return (out / "index.html").is_file() and all(
        a.is_complete and reusable_files(out / a.slug, a.inputs_sha256, formats) for a in manifest.areas
    )


def json_sha256(*values: object) -> str:
    """Return a fingerprint of anything that JSON can hold."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@lru_cache(maxsize=1)
def code_fingerprint() -> str:
    """Return a fingerprint of what every area is built with: our code, the template, the law, the libraries."""
    package = Path(__file__).parents[1]
    files = [p for p in sorted(package.rglob("*")) if p.suffix in CODE and "bundled" not in p.parts]
    code = hashlib.sha256()
    for path in (*files, bundled_path("notebooks") / "area_briefing.ipynb"):
        code.update(path.name.encode() + b"\0" + path.read_bytes())
    return json_sha256(code.hexdigest(), Law.read().sha256(), versions())
