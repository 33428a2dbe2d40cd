"""What of an earlier run still stands, so that it need not be made again?

Each area's folder holds a record of what it was made from and of every file in it. It is
moved to its place together with them, so that a run that was killed leaves either the whole
of an area or nothing of it; what the notebook itself tells is not trusted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from bhyt_analysis.batch.manifest import is_complete, versions
from bhyt_analysis.documents.formats import PAGE
from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.law.law import Law

RECORD = "made.json"
CODE = (".py", ".csv", ".j2")


def sha256_of(*told: Any) -> str:
    """A fingerprint of anything that JSON can hold."""
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@lru_cache(maxsize=1)
def code_fingerprint() -> str:
    """A fingerprint of all that every area is made with: our code, the template, the law, the libraries."""
    package = Path(__file__).parents[1]
    files = [p for p in sorted(package.rglob("*")) if p.suffix in CODE and "bundled" not in p.parts]
    code = hashlib.sha256()
    for path in (*files, bundled_path("notebooks") / "area_briefing.ipynb"):
        code.update(path.name.encode() + b"\0" + path.read_bytes())
    return sha256_of(code.hexdigest(), Law.read().sha256(), versions())


def write_build_record(work: Path, inputs_sha256: str, formats: Sequence[str] = (PAGE,)) -> list[str]:
    """Write the record of a finished area into its folder; its files, by their path in it."""
    sizes = {p.relative_to(work).as_posix(): p.stat().st_size for p in sorted(work.rglob("*")) if p.is_file()}
    text = json.dumps(
        {"inputs_sha256": inputs_sha256, "formats": list(formats), "files": sizes}, ensure_ascii=False, indent=1
    )
    (work / RECORD).write_text(text + "\n", encoding="utf-8")
    return sorted([*sizes, RECORD])


def reusable_files(folder: Path, inputs_sha256: str | None = None, formats: Sequence[str] = ()) -> list[str] | None:
    """The files of an area that was made from the same, in all the formats asked for, and is whole, or None.

    Without ``inputs_sha256``, of one that was made from whatever it was.
    """
    try:
        told = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        sizes: dict[str, int] = told["files"]
        same = inputs_sha256 in (None, told["inputs_sha256"]) and set(formats) <= set(told["formats"])
        whole = same and all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # no record, or not all that it tells of
        return None
    return sorted([*sizes, RECORD]) if whole else None


def nothing_to_do(out: Path, earlier: dict[str, Any], formats: Sequence[str]) -> bool:
    """Whether everything of an earlier run was made, in all the formats asked for, and is whole."""
    return (out / "index.html").is_file() and all(
        is_complete(a) and reusable_files(out / a["slug"], a["inputs_sha256"], formats) for a in earlier["areas"]
    )
