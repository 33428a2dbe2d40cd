"""Hand the areas of a batch to processes, on this machine or on a cluster, and report the progress."""

from __future__ import annotations

import sys
import warnings
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import fmean

import pandas as pd

from bhyt_analysis.batch.build import WORK, Job, area_cut_short
from bhyt_analysis.batch.build_record import AreaResult
from bhyt_analysis.batch.engine_check import build_job, check_job
from bhyt_analysis.batch.options import BatchOptions
from bhyt_analysis.batch.workers import limit_memory, low_limits, notebook_memory, prepare, processor_count, run_all
from bhyt_analysis.domain.area_view import select_area
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.partitions import write_partition
from bhyt_analysis.engine.warm_process import WarmProcess
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.safe_text import to_terminal

REHEARSAL_FROM = 3  # areas of a worker; a rehearsal takes as long as two areas, and saves each more than half


class BatchWarning(UserWarning):
    """A batch is not run as it was requested."""


class Progress:
    """A bar on standard error with areas done and failed, rate and time left; nothing if that is no terminal."""

    def __init__(self, total: int, options: BatchOptions) -> None:
        from tqdm import tqdm

        self._lang, self._options, self._failed = options.lang, options, 0
        self._cells: dict[str, list[tuple[float, str]]] = defaultdict(list)
        unit = " " + translate("cli.progress", self._lang)
        self._bar = tqdm(total=total, unit=unit, disable=None if options.progress else True, file=sys.stderr)

    def advance(self, result: AreaResult) -> None:
        """Count an area that has ended."""
        if not result.is_complete:
            self._failed += 1
            self._bar.set_postfix_str(translate("cli.failed_so_far", self._lang, count=self._failed), refresh=False)
        if self._options.verbose:
            status = translate(f"result.{result.status}", self._lang)
            line = translate("cli.area", self._lang, slug=result.slug, result=status, seconds=result.seconds)
            self._bar.write(to_terminal(line + (f": {result.error}" if result.error else "")), file=sys.stderr)
        for name, seconds in result.cell_seconds:
            self._cells[name].append((seconds, result.slug))
        self._bar.update()

    def close(self) -> None:
        """End the bar; print the seconds of each cell over all areas on request."""
        self._bar.close()
        if self._options.profile:
            print(translate("cli.profile", self._lang), file=sys.stderr)
            means = {name: fmean(s for s, _ in times) for name, times in self._cells.items()}
            for name in sorted(means, key=lambda n: -means[n]):
                longest, slug = max(self._cells[name])
                mean, most = (format_number(s, self._lang, 3) for s in (means[name], longest))
                print(f"{mean:>8} {most:>8}  {slug:24} {name}", file=sys.stderr)


def build_all(plan: Sequence[Job], data: Dataset, warm: WarmProcess | None) -> Iterator[AreaResult]:
    """Yield the result of each area as it ends; all by the standard engine where the warm one gives something else."""
    check = check_job(plan)
    tasks, is_second, notes = deque(plan if check is None else [check]), False, set[str]()
    for job, outcome in _run(tasks, plan, data, warm):
        result = outcome or area_cut_short(job, "error.area_died")
        if result.warm_failure and "warm" not in notes:
            notes.add("warm")
            _warn("warm_failed", job, why=result.warm_failure)
        if job.is_check:
            again, is_second = result.was_cut_short and not is_second, True
            tasks.extend([job] if again else _plan_after_check(plan, result))
            continue
        if result.note and result.note not in notes:
            notes.add(result.note)
            warnings.warn(result.note, BatchWarning, stacklevel=4)
        yield result


def _plan_after_check(plan: Sequence[Job], check: AreaResult) -> list[Job]:
    """Return the plan with the engine that is to build it; warn where the two differ or could not be compared."""
    if check.was_cut_short:
        _warn("engines_not_compared", plan[0], what=check.error)
    elif check.note:
        _warn("engines_differ", plan[0], what=check.note)
    return [replace(job, engine="standard" if check.note else job.engine) for job in plan]


def _warn(key: str, job: Job, **fields: object) -> None:
    text = translate(f"warning.{key}", job.options.lang, **fields)
    warnings.warn(text, BatchWarning, stacklevel=5)


def _run(
    tasks: deque[Job], plan: Sequence[Job], data: Dataset, warm: WarmProcess | None
) -> Iterator[tuple[Job, AreaResult | None]]:
    options, with_rows = plan[0].options, partial(_with_rows, data)
    if options.dask:
        from bhyt_analysis.batch.cluster import run_on

        return run_on(options.dask, tasks, plan[0].engine, options.memory_mb, build_job, with_rows)
    for option, has, need in low_limits():
        text = translate("warning.low_limit", options.lang, option=option, has=has, need=need)
        warnings.warn(text, BatchWarning, stacklevel=5)
    workers = max(1, min(options.jobs or processor_count(), len(plan)))
    memory = notebook_memory(options.memory_mb, workers)
    if warm and warm.process and memory:
        limit_memory(warm.process.pid, memory)
    if warm and len(plan) >= REHEARSAL_FROM * workers:
        warm.request_rehearsal()
    return run_all(tasks, workers, partial(prepare, warm.address if warm else "", memory), build_job, with_rows)


def _with_rows(data: Dataset, job: Job) -> Job:
    """Return a job whose rows are stored, for the process that builds it."""
    if job.partition is not None:
        return job
    unit, as_of = data.find(job.area), job.options.as_of
    day = None if as_of is None else pd.Timestamp(as_of)
    folder = Path(job.out, WORK, "parts", job.slug)
    return replace(job, partition=str(write_partition(folder, select_area(data, unit, day), unit, day)))
