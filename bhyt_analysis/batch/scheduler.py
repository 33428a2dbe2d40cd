"""Hand the areas of a batch to processes, on this machine or on a cluster."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from bhyt_analysis.batch.build import WORK, Job, area_failure, build_area
from bhyt_analysis.batch.engine_check import EngineCheck
from bhyt_analysis.batch.manifest import AreaResult
from bhyt_analysis.batch.progress import Progress
from bhyt_analysis.batch.workers import limit_memory, notebook_memory, prepare, processor_count, run_all
from bhyt_analysis.domain.partitions import AreaPartitions, write_partition
from bhyt_analysis.engine.warm_process import WarmProcess
from bhyt_analysis.i18n.messages import translate

REHEARSAL_FROM = 24  # areas; a rehearsal takes as long as some areas, and saves each a little


class BatchWarning(UserWarning):
    """A batch is not run as it was requested."""


def build_all(
    plan: Sequence[Job], parts: AreaPartitions, progress: Progress, warm: WarmProcess | None
) -> Iterator[AreaResult]:
    """Yield the result of each area as it ends; all areas again if the warm engine differs from the standard one."""
    folder = Path(plan[0].out, WORK, "parts")
    plan = [replace(job, partition=str(write_partition(folder / job.slug, parts.select(job.area)))) for job in plan]
    check = EngineCheck(plan)
    tasks = check.first_jobs()
    for job, outcome in _run(tasks, plan, warm):
        result = outcome or area_failure(job, "error.area_died")
        decision = check.feed(job, result, {task.area for task in tasks})
        if decision.counts:
            yield result
        if decision.difference:
            fields = {"name": plan[0].slug, "what": decision.difference}
            warnings.warn(translate("warning.engines_differ", job.options.lang, **fields), BatchWarning, stacklevel=4)
            tasks.clear()
            progress.reset(len(plan))
        tasks.extend(decision.repeat)


def _run(tasks: deque[Job], plan: Sequence[Job], warm: WarmProcess | None) -> Iterator[tuple[Job, AreaResult | None]]:
    """Yield each job with its result, as they end; with None if its worker died."""
    options = plan[0].options
    if options.dask:
        from bhyt_analysis.batch.cluster import run_on

        return run_on(options.dask, tasks, plan[0].engine, options.memory_mb, build_area)
    workers = max(1, min(options.jobs or processor_count(), len(plan)))
    memory = notebook_memory(options.memory_mb, workers)
    if warm and warm.process and memory:
        limit_memory(warm.process.pid, memory)
    if warm and len(plan) >= REHEARSAL_FROM:
        warm.request_rehearsal()
    return run_all(tasks, workers, partial(prepare, warm.address if warm else "", memory), build_area)
