"""Say in a sentence what the system or a library has refused: to which file, and what to do."""

from __future__ import annotations

import ast
import builtins
import errno
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import PathLike, fspath
from typing import Any

from bhyt_analysis.i18n.messages import BhytError

# The messages of the errors of the system, by their names in `errno`; some systems lack some of them.
REASONS = {
    "disk_full": ("ENOSPC", "EDQUOT", "EFBIG"),
    "not_permitted": ("EACCES", "EPERM", "EBUSY", "ETXTBSY"),
    "read_only": ("EROFS",),
    "missing": ("ENOENT", "ENXIO", "ENODEV"),
    "not_a_folder": ("ENOTDIR", "EEXIST", "ENOTEMPTY"),
    "is_a_folder": ("EISDIR",),
    "name_too_long": ("ENAMETOOLONG",),
    "link_loop": ("ELOOP",),
    "too_many_files": ("EMFILE", "ENFILE"),
    "no_process": ("EAGAIN",),
    "no_memory": ("ENOMEM",),
    "process_ended": ("EPIPE", "ECONNRESET", "ECONNABORTED", "ECONNREFUSED", "ESHUTDOWN", "ENOTCONN", "ESRCH"),
    "no_answer": ("ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"),
    "disk_damaged": ("EIO", "ESTALE", "EUCLEAN"),
}
# Errors of Windows that `errno` does not tell apart, by their numbers: sharing and lock violations, names, networks.
WINDOWS_REASONS = {
    "in_use": (32, 33, 1224),
    "disk_full": (39, 112),
    "read_only": (19,),
    "bad_name": (123, 161),
    "name_too_long": (111, 206),
    "not_a_folder": (267,),
    "no_answer": (53, 54, 55, 59, 64, 67, 121, 1231),
}
_WINDOWS_KEYS = {number: key for key, numbers in WINDOWS_REASONS.items() for number in numbers}
_KEYS = {getattr(errno, name): key for key, names in REASONS.items() for name in names if hasattr(errno, name)}
_NO_THREAD = "can't start new thread"
_SYSTEM_ERROR = re.compile(r"\[(Errno|WinError) (\d+)\] [^:]*(?:: ('.*?'|\".*?\"))?")
MAX_LETTERS = 400  # of what a library says


def failure(error: BaseException, file: str | PathLike[str] = "", hide: Callable[[str], str] = str) -> BhytError:
    """Return an error as one that is a sentence in either language.

    ``file``: the one that was read or written, or its folder, where the error does not name it. ``hide`` is applied to
    the text of an unexpected error, which may cite what was read.

    Examples
    --------
    >>> failure(OSError(errno.ENOSPC, "No space left on device"), "out/a.docx").text("en")
    'out/a.docx: the disk is full, so this was not written; free some space and run the command again'
    >>> failure(KeyError("x")).text("en")
    "This was not expected (KeyError: 'x'); run the command again, and report it if it comes back"
    """
    if isinstance(error, BhytError):
        return error
    if hasattr(error, "ename") and hasattr(error, "evalue"):  # an error in a cell, as nbclient and papermill raise it
        return cell_failure(str(error.ename), hide(str(error.evalue)), file)
    key = failure_key(error)
    if key is None:
        return BhytError(("failure.unexpected", {"what": one_line(type(error).__name__, hide(str(error)))}))
    name = getattr(error, "filename", None)
    fields: dict[str, Any] = {
        "file": fspath(name if isinstance(name, (str, PathLike)) else file) or "failure.somewhere"
    }
    if key == "failure.system":
        number = getattr(error, "errno", None)
        fields["code"] = errno.errorcode.get(number, str(number)) if number is not None else type(error).__name__
    return BhytError((key, fields))


def failure_key(error: BaseException) -> str | None:
    """Return the key of the message on an error of the system; None for any other error."""
    if isinstance(error, MemoryError):
        return "failure.no_memory"
    if isinstance(error, EOFError):
        return "failure.process_ended"
    if isinstance(error, RuntimeError) and _NO_THREAD in str(error):
        return "failure.no_process"
    if isinstance(error, UnicodeDecodeError):
        return "failure.not_utf8"
    if not isinstance(error, OSError):
        return None
    if isinstance(error, TimeoutError):
        return "failure.no_answer"
    reason = _WINDOWS_KEYS.get(getattr(error, "winerror", None) or 0) or _KEYS.get(error.errno or 0, "system")
    return f"failure.{reason}"


def cell_failure(name: str, text: str, file: str | PathLike[str] = "") -> BhytError:
    """Return the error with which a cell has ended, of which the kernel has sent the type and the text.

    Examples
    --------
    >>> cell_failure("OSError", "[Errno 28] No space left on device: 'charts/x.png'").text("en")
    'charts/x.png: the disk is full, so this was not written; free some space and run the command again'
    >>> cell_failure("ZeroDivisionError", "division by zero").text("en")
    'ZeroDivisionError: division by zero'
    """
    error = sent_error(name, text)
    return BhytError(("error.cell", {"what": one_line(name, text)})) if error is None else failure(error, file)


def sent_error(name: str, text: str) -> BaseException | None:
    """Return the error of the system that a kernel has sent as type and text; None for another error."""
    if name.endswith("MemoryError"):
        return MemoryError()
    if _NO_THREAD in text:
        return RuntimeError(_NO_THREAD)
    kind = getattr(builtins, name, object)
    if isinstance(kind, type) and issubclass(kind, OSError) and (match := _SYSTEM_ERROR.match(text)):
        sent = OSError(int(match[2]), "", ast.literal_eval(match[3]) if match[3] else None)
        if match[1] == "WinError":
            sent.winerror = int(match[2])  # type: ignore[attr-defined]  # known on Windows only
        return sent
    return None


def one_line(name: str, text: str) -> str:
    """Return the type and the text of an error on one line of a limited length."""
    line = " ".join(text.split())
    return f"{name}: {line}"[:MAX_LETTERS] if line else name


@contextmanager
def name_file(file: str | PathLike[str], always: bool = False) -> Iterator[None]:
    """Name the file in an error of the system that has none, as those of writing on a full disk.

    ``always``: also in place of another one, such as that of a copy with a name of its own.
    """
    try:
        yield
    except OSError as error:
        if always or error.filename is None:
            error.filename = fspath(file)
        raise
