"""Read the cells of workbooks by calamine: here if a file is harmless, and in a process of its own if it is not.

calamine is native code: where a file makes it ask for more memory than there is, it ends the process that it runs in.
This file is also the program of that process, so it imports nothing of the package where it runs as such.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import IO, Any

MERGED = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class NativeSheet:
    """A sheet as calamine has it: rows of cells, and merged ranges counted from 0; no rows if it was not read."""

    name: str
    visible: bool
    rows: list[list[Any]]
    merged: tuple[MERGED, ...]


class ReaderDiedError(Exception):
    """The process that read a file ended without an answer, or was ended for its memory or time."""


def read_native(content: bytes, omitted: Collection[str], harmless: bool) -> Iterator[NativeSheet]:
    """Yield the worksheets of a workbook; hidden ones and those of the names in ``omitted`` are not read.

    Raises what calamine raises for a damaged file, ValueError with its words where it ran apart, `ReaderDiedError`.
    """
    if harmless:
        return _read(content, omitted)
    return iter(_read_apart(content, omitted))


def _read(content: bytes, omitted: Collection[str]) -> Iterator[NativeSheet]:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    for metadata in book.sheets_metadata:
        if metadata.typ != SheetTypeEnum.WorkSheet:
            continue
        if (visible := metadata.visible == SheetVisibleEnum.Visible) and metadata.name not in omitted:
            sheet = book.get_sheet_by_name(metadata.name)
            rows = sheet.to_python(skip_empty_area=False)
            yield NativeSheet(metadata.name, True, rows, tuple(sheet.merged_cell_ranges or ()))
        else:
            yield NativeSheet(metadata.name, visible, [], ())


# --- In a process of its own ---


def _read_apart(content: bytes, omitted: Collection[str]) -> list[NativeSheet]:
    """Return what `_read` yields in a process of its own, with a limit of its memory and time."""
    import psutil

    from bhyt_analysis.ingest.limits import READER_MEMORY, READER_SECONDS

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "RUST_BACKTRACE": "0"}
    command = [sys.executable, "-P", __file__, str(READER_MEMORY), str(READER_SECONDS)]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    request = pickle.dumps((sorted(omitted), content))
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nothing, env=environment) as process:
        stdin, process.stdin = process.stdin, None  # `communicate` with a time-out would send only its beginning
        threading.Thread(target=_send, args=(stdin, request), daemon=True).start()
        try:
            answer = _communicate(process, psutil.Process(process.pid), READER_MEMORY, READER_SECONDS)
        except psutil.NoSuchProcess:  # it has ended already
            answer = process.communicate(timeout=READER_SECONDS)[0]
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0 or not answer:
        raise ReaderDiedError
    sheets, error = _Plain(io.BytesIO(answer)).load()
    if error:
        raise ValueError(error)
    return [NativeSheet(*sheet) for sheet in sheets]


def _send(stream: IO[bytes], request: bytes) -> None:
    """Write a request and close the stream; a process that has ended already reads none."""
    with contextlib.suppress(OSError), stream:
        stream.write(request)


def _communicate(process: subprocess.Popen[bytes], usage: Any, most_bytes: int, most_seconds: float) -> bytes:
    """Return the answer of a process; end it when it uses more memory or time than it may."""
    end = time.monotonic() + most_seconds
    while True:
        try:
            return process.communicate(timeout=0.1)[0]
        except subprocess.TimeoutExpired:
            if time.monotonic() > end or usage.memory_info().rss > most_bytes:
                raise ReaderDiedError from None


class _Plain(pickle.Unpickler):
    """Reads cells only: of classes those of dates and times."""

    def find_class(self, module: str, name: str) -> Any:
        """Return a class of dates and times; raise UnpicklingError for any other."""
        if module != "datetime":
            raise pickle.UnpicklingError(f"{module}.{name}")
        return super().find_class(module, name)


def _serve(most_bytes: int, most_seconds: int) -> None:
    """Read the request from the standard input, and write the answer to the standard output."""
    try:
        import resource
    except ImportError:  # Windows, where the parent process looks at the memory
        pass
    else:
        for kind, limit in ((resource.RLIMIT_AS, most_bytes), (resource.RLIMIT_CPU, most_seconds)):
            _, hard = resource.getrlimit(kind)
            most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(kind, (most, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    omitted, content = pickle.load(sys.stdin.buffer)
    sheets, error = [], ""
    try:
        sheets = [(s.name, s.visible, s.rows, s.merged) for s in _read(content, omitted)]
    except MemoryError:
        sys.exit(1)
    except BaseException as caught:  # panics of Rust are no Exception
        error = str(caught) or type(caught).__name__
    pickle.dump((sheets, error), sys.stdout.buffer, protocol=pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    _serve(int(sys.argv[1]), int(sys.argv[2]))
