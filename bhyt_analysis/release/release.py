"""Copy what may leave the office to a new folder, after an attack on it has failed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bhyt_analysis.batch import build_record
from bhyt_analysis.batch.build_record import BuildRecord, Manifest
from bhyt_analysis.batch.executed_notebook import settle_notebook
from bhyt_analysis.batch.runner import folder_lock, is_index_unchanged
from bhyt_analysis.documents.formats import document_files
from bhyt_analysis.i18n.failures import name_file
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.release.attack import AttackResult, Breach, attack
from bhyt_analysis.release.published import read_published
from bhyt_analysis.release.record import SCHEMA, write_record
from bhyt_analysis.tables.formatting import SMALL

INDEX = "index.html"
MAX_NAMED = 20  # errors of a kind
METHOD = "cell suppression: primary cells below the threshold, secondary cells against working them out"
LAW = "Luật 91/2025/QH15, Điều 14"


@dataclass(frozen=True)
class Refusal:
    """Why nothing was released: a sentence for each reason; ``count``: of reasons, also those that are not named."""

    errors: tuple[BhytError, ...]
    count: int = 1


def release(out: str | Path, folder: str | Path) -> Refusal | None:
    """Copy what may leave the office from the folder of a batch to a new folder, with its record.

    Nothing is there before all of it is: it is gathered beside ``folder`` and moved there in one step.

    Parameters
    ----------
    out : the folder of a batch (`bhyt_analysis.run_batch`).
    folder : the folder to be made; it must not exist yet, or be empty.

    Returns
    -------
    None if it was released, else why not: areas that failed, files that were changed since they were made, and figures
    that the attack has worked out.

    Raises
    ------
    BhytError
        for a folder that has no batch or internal copies, or a place where nothing can be written.
    """
    source, target = Path(out).resolve(), Path(folder).resolve()
    manifest = build_record.read_manifest(source)
    if manifest is None:
        raise BhytError(("error.no_batch", {"folder": out}))
    _check_target(source, target, folder)
    with folder_lock(source):
        if failed := [area for area in manifest.areas if not area.is_complete]:
            names = ", ".join(area.slug for area in failed)
            return Refusal((BhytError(("release.failed_areas", {"areas": names, "folder": out})),))
        records = {area.slug: _read_build(source / area.slug, area.slug) for area in manifest.areas}
        if internal := [slug for slug, record in records.items() if record.disclosure != "on"]:
            raise BhytError(("release.internal", {"folder": out, "areas": ", ".join(internal)}))
        with _gathered(target) as work:
            files = _copy(source, work, records)
            published = read_published(work, files)
            result = attack(published)
            changed = [BhytError(("release.unreadable", {"file": name})) for name in published.unreadable]
            changed += _changed(source, records)
            if result.breaches or changed:
                count = len(result.breaches) + len(changed)
                return Refusal((*_first(map(_breach_error, result.breaches)), *_first(changed)), count)
            _write_manifest(work, manifest, files)
            write_record(work, _record(work, manifest, records, result, files))
            _publish(work, target)
    return None


def _check_target(source: Path, target: Path, folder: str | Path) -> None:
    if target == source or source in target.parents or target in source.parents:
        raise BhytError(("release.inside", {"folder": folder}))
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BhytError(("error.file_exists", {"file": folder}))


def _read_build(folder: Path, slug: str) -> BuildRecord:
    if (record := build_record.read_build_record(folder)) is None:
        raise BhytError(("release.no_record", {"area": slug, "file": build_record.FILE}))
    return record


@contextmanager
def _gathered(target: Path) -> Iterator[Path]:
    """Give a folder beside the target to gather its files in; it is deleted, whatever happens."""
    work = target.with_name(f".{target.name}.part")
    try:
        shutil.rmtree(work, ignore_errors=True)  # of a run that was killed
        work.mkdir(parents=True)
        yield work
    except OSError as error:  # named as the file would have been
        name = os.fspath(error.filename or target)
        error.filename = str(target) + name.removeprefix(str(work)) if name.startswith(str(work)) else name
        raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def may_leave(name: str, slug: str) -> bool:
    """Return whether a file of an area's folder may leave the office, by its path in that folder.

    Examples
    --------
    >>> [may_leave(n, "bat-xat") for n in ("bat-xat.html", "bat-xat-tom-tat.pdf", "facts.json", "build.json")]
    [True, True, True, False]
    """
    documents = {f"{slug}.html", f"{slug}.ipynb", *document_files(slug)}
    place, _, file = name.rpartition("/")
    is_chart = place == "charts" and file.endswith((".png", ".svg"))
    is_table = place == "tables" and file.endswith(".csv")
    return name in documents or name == "facts.json" or is_chart or is_table


def _copy(source: Path, work: Path, records: Mapping[str, BuildRecord]) -> list[str]:
    """Copy the index and the files of the areas; return their paths."""
    names = [INDEX, *(f"{s}/{name}" for s, record in records.items() for name in record.files if may_leave(name, s))]
    files = [name for name in names if (source / name).is_file()]  # one that is missing is named later
    for name in files:
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with name_file(path):
            shutil.copyfile(source / name, path)
        if path.suffix == ".ipynb":
            _strip_paths(path)
    return files


def _strip_paths(path: Path) -> None:
    """Leave of the parameters that are paths of this machine only the names of the files."""
    import nbformat

    notebook = nbformat.read(path, 4)
    about = notebook.metadata.get("papermill", {})
    parameters = {**about.get("parameters", {})}
    for key in ("data", "scenario"):
        if parameters.get(key):
            parameters[key] = str(parameters[key]).replace("\\", "/").rstrip("/").rpartition("/")[2]
    if parameters:
        settle_notebook(notebook, parameters, about["input_path"], about["output_path"])
        nbformat.write(notebook, path)


def _changed(source: Path, records: Mapping[str, BuildRecord]) -> Iterator[BhytError]:
    """Yield an error for each file that is not as the batch has made it."""
    for slug, record in records.items():
        for name in build_record.changed_files(source / slug, record):
            yield BhytError(("release.changed", {"file": f"{slug}/{name}"}))
    if not is_index_unchanged(source):
        yield BhytError(("release.changed", {"file": INDEX}))


def _breach_error(breach: Breach) -> BhytError:
    """Return the sentence on a figure that can be worked out."""
    fields = {**vars(breach), "area": breach.area or INDEX, "column": breach.column or "–"}
    return BhytError((f"release.breach_{breach.reason}", fields))


def _first(errors: Iterable[BhytError]) -> list[BhytError]:
    """Return the first errors of a kind, and how many more there are."""
    rows = list(errors)
    more = [BhytError(("release.more_errors", {"count": len(rows) - MAX_NAMED}))] if len(rows) > MAX_NAMED else []
    return [*rows[:MAX_NAMED], *more]


def _write_manifest(work: Path, manifest: Manifest, files: Sequence[str]) -> None:
    """Write the manifest of what was released: no errors, no files that are not there."""
    areas = [
        replace(area, error=None, files=[name for name in files if name.startswith(f"{area.slug}/")])
        for area in manifest.areas
    ]
    replace(manifest, areas=areas).write(work)


def _record(
    work: Path, manifest: Manifest, records: Mapping[str, BuildRecord], result: AttackResult, files: Sequence[str]
) -> dict[str, Any]:
    """Return the record, without the hashes of the outputs."""
    facts = {slug: _read_json(work / slug / "facts.json") for slug in records}
    base = next((f["rounded_to"] for f in facts.values() if f.get("rounded_to")), None)
    return {
        "schema": SCHEMA,
        "law": LAW,
        "released": build_record.timestamp(),
        "made": manifest.finished,
        "areas": [
            {"area": a.area, "slug": a.slug, "name": facts[a.slug]["name"], "inputs_sha256": a.inputs_sha256}
            for a in manifest.areas
        ],
        "counted": "persons, by their health insurance cards, by area, group and month",
        "threshold": SMALL,
        "hidden_cells": {
            "primary": result.primary,
            "secondary": result.secondary,
            "followers": result.followers,
        },
        "method": METHOD if base is None else f"controlled rounding of all counts to multiples of {base}",
        "rounded_to": base,
        "attack": {
            "result": "nothing recovered",
            "files": len(files),
            "tables": result.tables,
            "figures": result.figures,
        },
        "versions": manifest.versions,
        "law_sha256": manifest.law_sha256,
        "inputs_sha256": manifest.inputs_sha256,
    }


def _read_json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _publish(work: Path, target: Path) -> None:
    """Move the complete folder to its place."""
    if target.is_dir():
        target.rmdir()  # it is empty; Windows replaces no folder
    os.replace(work, target)
