"""Check that the warm engine gives the same as the standard one, by two runs of one area."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bhyt_analysis.batch.build import Job
from bhyt_analysis.batch.build_record import FILE, AreaResult
from bhyt_analysis.documents.formats import files_of

AREAS = 8  # in a smaller batch a second run of one area costs more than it saves
# What differs between any two runs of the same notebook.
TIMES = ("papermill", "execution", "language_info")
NAMES = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|0x[0-9a-f]{6,}|\bT_[0-9a-f]{5}(?![0-9a-f])"
)
SVG = "image/svg+xml"
EXACT = (".csv", ".json", ".png")


@dataclass(frozen=True)
class Decision:
    """What follows from a result."""

    counts: bool  # the result is that of its area
    repeat: tuple[Job, ...] = ()  # jobs to run again
    difference: str = ""  # between the engines: then the jobs to repeat replace those that wait
    not_compared: str = ""  # why the two runs say nothing of the engines


class EngineCheck:
    """Run the first area with both engines, and all areas with the standard engine if the two differ."""

    def __init__(self, plan: Sequence[Job]) -> None:
        self.plan, self.engine = plan, plan[0].engine
        self._is_open = len(plan) >= AREAS and self.engine == "warm"
        self._results: dict[str, AreaResult] = {}  # of the area that is run twice, by engine
        self._complete: set[str] = set()
        self._repeated: set[str] = set()  # the engines whose run was cut short and begun again

    def first_jobs(self) -> deque[Job]:
        """Return the jobs of the plan, before them the second run of the first one."""
        canary = [replace(self.plan[0], engine="standard", canary=True)] if self._is_open else []
        return deque([*canary, *self.plan])

    def feed(self, job: Job, result: AreaResult, waiting: Collection[str]) -> Decision:
        """Take the result of a job and decide what follows; ``waiting`` are the areas of jobs that have not begun."""
        if self._must_repeat(job, result):
            self._repeated.add(job.engine)
            return Decision(counts=False, repeat=(job,))
        counts = job.engine == self.engine and not job.canary
        if counts:
            self._complete.add(job.area)
        difference, not_compared = self._compare(job, result)
        if difference:
            self.engine = "standard"
            repeat = [j for j in self.plan if j.area in {*self._complete, *waiting}]
        else:
            repeat = [] if counts or job.canary else [job]  # it was running when the warm engine was given up
        return Decision(counts, tuple(replace(j, engine=self.engine) for j in repeat), difference, not_compared)

    def _is_checked(self, job: Job) -> bool:
        return self._is_open and job.area == self.plan[0].area

    def _must_repeat(self, job: Job, result: AreaResult) -> bool:
        """Return whether a run to be compared was cut short for the first time; one that took too long would again."""
        is_death = result.was_cut_short and result.status != "timeout"
        return self._is_checked(job) and is_death and job.engine not in self._repeated

    def _compare(self, job: Job, result: AreaResult) -> tuple[str, str]:
        """Return what differs between the two runs, and why they can't be compared.

        Both are empty if nothing differs or one run has not ended. A process that was killed, or a full disk, says
        nothing of the engine: only two runs that have come to their end, or to an error of a cell, are compared.
        """
        if not self._is_checked(job):
            return "", ""
        self._results[job.engine] = result
        if len(self._results) < 2:
            return "", ""
        self._is_open = False
        warm, standard = self._results["warm"], self._results["standard"]
        cut_short = [r for r in (warm, standard) if r.was_cut_short]
        if cut_short:
            return "", cut_short[0].error or "" if len(cut_short) == 1 else ""
        if (warm.status, warm.error) != (standard.status, standard.error):
            return f"{warm.error or warm.status} / {standard.error or standard.status}", ""
        return difference(job.folder, replace(job, canary=True).work) if warm.status == "done" else "", ""


def difference(folder: Path, other: Path) -> str:
    """Return what differs between two notebooks and the files beside them, in a few words; empty if nothing does.

    Times, addresses in memory and random names do not count, nor does the content of an SVG.
    """
    notebooks = [*folder.glob("*.ipynb")], [*other.glob("*.ipynb")]
    if [len(paths) for paths in notebooks] != [1, 1]:
        return "notebook"
    cells, other_cells = (normalised_cells(paths[0]) for paths in notebooks)
    for number, (cell, other_cell) in enumerate(zip(cells, other_cells, strict=False), 1):
        if cell != other_cell:
            return "metadata" if number == len(cells) == len(other_cells) else f"cell {number}"
    if len(cells) != len(other_cells):
        return "cells"
    files, other_files = _comparable_files(folder), _comparable_files(other)
    names = sorted(files.keys() | other_files.keys())
    return next((name for name in names if files.get(name) != other_files.get(name)), "")


def normalised_cells(notebook: Path) -> list[object]:
    """Return the cells of a notebook and, last, its metadata, without what differs between any two runs."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    parts = [{k: v for k, v in cell.items() if k != "id"} for cell in content["cells"]]
    parts.append({"cell_type": "", "metadata": content["metadata"]})
    for part in parts:
        part["outputs"] = _merge_streams(part.get("outputs", []))
        part["metadata"] = {k: v for k, v in part["metadata"].items() if k not in TIMES}
        for widgets in part["metadata"].get("widgets", {}).values():  # in the order of their names, which are random
            widgets["state"] = sorted(NAMES.sub("name", json.dumps(m)) for m in widgets.get("state", {}).values())
    names: dict[str, str] = {}
    text = NAMES.sub(lambda m: names.setdefault(m[0], f"name {len(names)}"), json.dumps(parts, sort_keys=True))
    return list(json.loads(text))


def _merge_streams(outputs: list[dict]) -> list[dict]:
    """Return outputs with one text for each stream: where its messages end is a matter of chance."""
    rest = [o for o in outputs if o["output_type"] != "stream"]
    for output in rest:
        if SVG in output.get("data", {}):  # its date and the names in it are new each time
            output["data"][SVG] = ""
    names = sorted({o["name"] for o in outputs if o["output_type"] == "stream"})
    return rest + [{n: "".join("".join(o["text"]) for o in outputs if o.get("name") == n)} for n in names]


def _comparable_files(folder: Path) -> dict[str, bytes]:
    """Return the files that a notebook has written; documents are written later, and not for the second run."""
    paths = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    written_later = {FILE, *(file for files in files_of(folder.name).values() for file in files)}
    own = {name: p for name, p in paths.items() if p.suffix != ".ipynb" and name not in written_later}
    return {name: p.read_bytes() if p.suffix in EXACT else b"" for name, p in own.items()}
