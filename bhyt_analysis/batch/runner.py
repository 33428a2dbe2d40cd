"""Run one notebook for each area, in a few processes; a failure never stops the other areas."""

from __future__ import annotations

import shutil
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from bhyt_analysis.batch import build_record as record
from bhyt_analysis.batch.build import WORK, Job, area_result, warm_config
from bhyt_analysis.batch.index_page import write_index
from bhyt_analysis.batch.joint_protection import forget_published, hidden_by_area, is_unfinished, kept_areas
from bhyt_analysis.batch.options import BatchOptions
from bhyt_analysis.batch.plan import common_parameters, plan_areas, policy_sha256
from bhyt_analysis.batch.scheduler import BatchWarning, Progress, build_all
from bhyt_analysis.batch.stop_signals import StopSignals
from bhyt_analysis.domain.area_view import find_units
from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.engine import warm_process
from bhyt_analysis.engine.warm_process import WarmProcess
from bhyt_analysis.i18n.failures import failure, failure_key
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.i18n.output import open_missing_streams
from bhyt_analysis.i18n.safe_text import print_text
from bhyt_analysis.ingest.answers import read_answers
from bhyt_analysis.ingest.loader import fingerprint, load
from bhyt_analysis.ingest.scenario_files import read_scenario
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.distribution.controlled_rounding import round_counts
from bhyt_analysis.tables.labels import other_units_text

NOTES = ".bhyt"  # in the folder of the batch: the lock, and the digest of the last request


def run_batch(
    data: Dataset | str | Path | None,
    out: str | Path,
    areas: Sequence[str] | None = None,
    options: BatchOptions | None = None,
) -> dict[str, Any]:
    """Build the briefings of many areas in a folder, with an index page and a manifest.

    What an earlier run has built in the folder from the same input, parameters, template, law and code is kept.

    Parameters
    ----------
    data
        a dataset, the path it is read from, or None for the bundled data.
    out
        the folder; created if missing. A new folder of an area replaces the earlier one.
    areas
        names or codes; without them every unit with figures or a zoning decision of its own.
    options
        how to build them; None is `BatchOptions()`.

    Returns
    -------
    dict
        The manifest: the fields of `Manifest`, and in ``areas`` those of `AreaResult` for each area that is in the
        folder.

    Raises
    ------
    BhytError
        before anything is built: for an input, an area, a scenario or a parameter that cannot be used, or for a folder
        in which another batch is running.
    BhytError
        where the system refuses to write, or to start processes; what was finished stays.
    KeyboardInterrupt, SystemExit
        on Ctrl-C and on SIGTERM or SIGHUP (status 128 and the signal), after the finished areas are in their place,
        with the manifest and the index.

    Examples
    --------
    Every area of the bundled data, which takes a minute or two:

    >>> manifest = bhyt.run_batch(None, "outputs/briefings")  # doctest: +SKIP
    """
    open_missing_streams()
    options, started = _without_pdf(options or BatchOptions()), record.timestamp()
    scenario = None if options.scenario is None else read_scenario(options.scenario)
    source = data.source if isinstance(data, Dataset) else str(bundled_path("data") if data is None else data)
    folder = Path(out).resolve()
    if Path(source).resolve() == folder:  # a folder inside the input is fine: only its own files are read
        raise BhytError(("error.out_is_input", {"out": out}))
    common = common_parameters(source, options)
    # A dataset may have been changed since it was read: only files are identified by their bytes.
    inputs = fingerprint(source) if not isinstance(data, Dataset) and Path(source).exists() else ""
    names = sorted(set(areas)) if areas is not None else None
    reading = [options.numbers, options.round, read_answers(options.answers) if options.answers else None]
    request = record.json_sha256(inputs, source, repr(reading), policy_sha256(common), names) if inputs else ""
    with _words_for_failures(folder):
        if manifest := _unchanged_manifest(folder, request, options, started):
            return manifest.to_dict()
    options = replace(options, engine=_choose_engine(options))
    use_warm = options.engine == "warm" and not options.dask
    warm_context = closing(WarmProcess.start(warm_config(), shared=True)) if use_warm else nullcontext()
    with StopSignals() as stop, warm_context as warm:  # it loads meanwhile
        dataset = data if isinstance(data, Dataset) else load(data, numbers=options.numbers, answers=options.answers)
        dataset = round_counts(dataset, options.round, options.seed) if options.round else dataset
        listed = dataset.geography
        if areas is not None:
            dataset, areas = _find_areas(dataset, areas, options)
        if scenario is not None:  # its list may name units that the input does not have
            replace(scenario, zone_moves=()).apply_to_data(dataset)
        plan = plan_areas(dataset, folder, areas, common, options, listed)
        with _words_for_failures(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with folder_lock(folder):
                _check_other_areas(folder, plan, options)
                manifest = _build_plan(plan, folder, dataset, warm, started, stop)
                record.write_atomically(folder / NOTES / "asked", _request_note(folder, request))
                return manifest.to_dict()


def _without_pdf(options: BatchOptions) -> BatchOptions:
    """Return the options without PDF, and a BatchWarning, where no program of this computer can make it."""
    if "pdf" not in options.formats or options.dask:
        return options
    from bhyt_analysis.documents.pdf_programs import missing_converter

    if (reason := missing_converter()) is None:
        return options
    warnings.warn(reason.text(options.lang), BatchWarning, stacklevel=3)
    return replace(options, formats=[key for key in options.formats if key != "pdf"])


@contextmanager
def _words_for_failures(folder: Path) -> Iterator[None]:
    """Turn an error of the system into a sentence, with what is in the folder all the same."""
    try:
        yield
    except Exception as error:
        if failure_key(error) is None:
            raise
        kept = [("error.batch_ended", {"folder": folder})] if folder.is_dir() else []
        raise BhytError(*failure(error, folder).messages, *kept) from error


def _find_areas(data: Dataset, names: Sequence[str], options: BatchOptions) -> tuple[Dataset, list[str]]:
    """Return the dataset with those of the areas that it lacked, and the key of each area; tell what else they mean."""
    names = list(dict.fromkeys(names))
    data, units = find_units(data, names)
    for name, unit in zip(names, units, strict=True):
        if options.progress and (text := other_units_text(data.geography, name, unit, options.lang)):
            print_text(text, file=sys.stderr)
    return data, [data.geography.key(unit) for unit in units]


def _unchanged_manifest(folder: Path, request: str, options: BatchOptions, started: str) -> record.Manifest | None:
    """Write the manifest of a run that has nothing to do; None if it has."""
    earlier = None if options.fresh else record.read_manifest(folder)
    if earlier is None:
        return None
    with folder_lock(folder):
        path = folder / NOTES / "asked"
        index = folder / "index.html"
        is_same = request and path.is_file() and index.is_file() and not is_unfinished(folder)
        is_same = is_same and path.read_text(encoding="utf-8") == _request_note(folder, request)
        if not (is_same and record.is_up_to_date(folder, earlier, options.formats)):
            return None
        areas = [replace(a, status="skipped", seconds=0.0) for a in earlier.areas]
        manifest = replace(earlier, started=started, finished=record.timestamp(), areas=areas)
        manifest.write(folder)
        return manifest


def _request_note(folder: Path, request: str) -> str:
    """Return what is noted of a run: the digest of its request, and that of the index that it wrote."""
    return f"{request} {record.file_sha256(folder / 'index.html')}"


def is_index_unchanged(folder: Path) -> bool:
    """Return whether the index page of a batch is as the batch has written it."""
    try:
        note = (folder / NOTES / "asked").read_text(encoding="utf-8")
        return note == _request_note(folder, note.partition(" ")[0])
    except OSError:
        return False


def _check_other_areas(folder: Path, plan: Sequence[Job], options: BatchOptions) -> None:
    """Raise if the folder would mix internal copies with briefings that may be shared."""
    earlier, slugs = record.read_manifest(folder), {job.slug for job in plan}
    others = [area.slug for area in (earlier.areas if earlier else ()) if area.slug not in slugs]
    records = {slug: record.read_build_record(folder / slug) for slug in others}
    if mixed := [slug for slug, built in records.items() if built and built.disclosure != options.disclosure]:
        key = "error.folder_is_internal" if options.disclosure == "on" else "error.folder_is_shared"
        raise BhytError((key, {"folder": folder, "areas": ", ".join(mixed)}))


def folder_lock(folder: Path) -> AbstractContextManager[object]:
    """Keep other batches out of the folder: the lock ends with its process, however that ends."""
    from filelock import FileLock, Timeout

    (folder / NOTES).mkdir(exist_ok=True)
    try:
        return FileLock(folder / NOTES / "lock", timeout=0).acquire()
    except Timeout:
        raise BhytError(("error.batch_running", {"folder": folder})) from None


def _choose_engine(options: BatchOptions) -> str:
    """Return the engine that is used; BatchWarning where it is not the one that "auto" prefers."""
    if options.engine == "standard":
        return "standard"
    if warm_process.is_supported():
        return "warm"
    if options.engine == "warm":
        raise BhytError(("error.no_warm", {}))
    warnings.warn(translate("warning.no_fork", options.lang), BatchWarning, stacklevel=3)
    return "standard"


def _build_plan(
    plan: Sequence[Job], folder: Path, data: Dataset, warm: WarmProcess | None, started: str, stop: StopSignals
) -> record.Manifest:
    """Build what cannot be reused; write the manifest and the index of all that is in the folder then."""
    options = plan[0].options
    shutil.rmtree(folder / WORK, ignore_errors=True)
    progress = Progress(len(plan), options)
    results = {} if options.fresh else _reusable_results(plan, folder)
    for result in results.values():
        progress.advance(result)
    jobs = [job for job in plan if job.area not in results]
    reason = BhytError(("error.area_stopped", {}))
    try:
        for result in build_all(jobs, data, warm) if jobs else ():
            results[result.area] = result
            progress.advance(result)
            stop.raise_received()
        for result in _build_protected(plan, folder, data, results, warm):
            results[result.area] = result
            stop.raise_received()
    except Exception as error:
        reason = BhytError(("error.area_not_made", {"why": failure(error, folder).text(options.lang)}))
        raise
    finally:
        with stop.deferred():
            progress.close()
            areas = [results.get(job.area) or _interrupted_result(job, reason) for job in plan]
            manifest = _write_record(plan, folder, data, areas, started)
    return manifest


def _reusable_results(plan: Sequence[Job], folder: Path) -> dict[str, record.AreaResult]:
    """Return the areas that are as an earlier run has built them; none where new ones could tell what they hide."""
    results = {job.area: result for job in plan if (result := _reusable_result(job, "skipped"))}
    records = [record.read_build_record(folder / job.slug) for job in plan if job.area in results]
    is_hiding = any(built is not None and built.hidden for built in records)
    return {} if is_hiding and len(results) < len(plan) else results


def _build_protected(
    plan: Sequence[Job],
    folder: Path,
    data: Dataset,
    results: Mapping[str, record.AreaResult],
    warm: WarmProcess | None,
) -> Iterator[record.AreaResult]:
    """Build again the areas in which something is hidden because of all areas together."""
    if not is_unfinished(folder):
        return
    complete = [job for job in plan if job.area in results and results[job.area].is_complete]
    hidden = hidden_by_area(folder, [job.slug for job in complete])
    kept = kept_areas(folder)
    if hidden and (unknown := [job for job in complete if job.slug not in kept]):
        yield from build_all(unknown, data, warm)
        hidden = hidden_by_area(folder, [job.slug for job in complete])
    jobs = [replace(job, hidden=hidden[job.slug]) for job in complete if job.slug in hidden]
    others = kept - {job.slug for job in plan}  # of a run that was cut short
    for slug in others.union(job.slug for job in jobs):  # until it is protected, it is not there
        shutil.rmtree(folder / slug, ignore_errors=True)
    if jobs:
        yield from build_all(jobs, data, warm)
    forget_published(folder)


def _write_record(
    plan: Sequence[Job], folder: Path, data: Dataset, areas: list[record.AreaResult], started: str
) -> record.Manifest:
    """Write the manifest and the index of these areas and of those that earlier runs have left in the folder."""
    earlier, slugs = record.read_manifest(folder), {job.slug for job in plan}
    others = [] if earlier is None else [a for a in earlier.areas if a.slug not in slugs]
    areas = [*areas, *(a for a in others if record.reusable_files(folder / a.slug))]
    options, versions, law = plan[0].options, record.versions(), Law.read().sha256()
    finished = record.timestamp()
    manifest = record.Manifest(started, finished, versions, law, data.sha256, areas, options.disclosure)
    shutil.rmtree(folder / WORK, ignore_errors=True)
    manifest.write(folder)
    write_index(folder, areas, data, options.lang, options.disclosure)
    return manifest


def _reusable_result(job: Job, status: str) -> record.AreaResult | None:
    files = record.reusable_files(job.folder, job.inputs_sha256, job.options.formats)
    return None if files is None else area_result(job, status, files=files)


def _interrupted_result(job: Job, reason: BhytError) -> record.AreaResult:
    """Return the result of an area that has not reported one; it may have come to its place just before the end."""
    stopped = area_result(job, "failed", reason.text(job.options.lang))
    return stopped if job.options.fresh else _reusable_result(job, "done") or stopped
