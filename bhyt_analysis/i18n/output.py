"""Keep standard output and standard error usable, whatever they are connected to."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from bhyt_analysis.i18n.messages import translate

# How the system reports that the reader of a pipe has ended, as "head -1" does.
CLOSED = (errno.EPIPE, errno.EINVAL) if sys.platform == "win32" else (errno.EPIPE,)


def open_missing_streams() -> None:
    """Connect those of the three standard streams that are closed (``2>&-``) to nothing.

    Otherwise the next file that is opened gets their number, and messages and what other processes print are written
    into it; and ``sys.stderr`` is None.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # gets the lowest number that is free
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  stays open


class Output:
    """A stream that stays silent once its reader has gone, so that a command ends with the status of its work.

    ``is_result``: standard output, of which no other error may be lost.
    """

    def __init__(self, stream: TextIO, is_result: bool, lang: str) -> None:
        self._stream, self._is_result, self._lang = stream, is_result, lang

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text."""
        with self._watch():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Write what waits to be written."""
        with self._watch():
            self._stream.flush()

    @contextmanager
    def _watch(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._discard_rest()
            if self._is_result and error.errno not in CLOSED:
                error.filename = translate("label.standard_output", self._lang)
                raise

    def _discard_rest(self) -> None:
        """Let what is still in the stream, which Python writes when it ends, go nowhere."""
        with suppress(OSError, ValueError, io.UnsupportedOperation):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)


_TONES = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
_SIGNS = {
    "đ": "d", "Đ": "D", "“": '"', "”": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "−": "-",
    "×": "x", "≥": ">=", "≤": "<=", "→": "->", "…": "...", "·": "-", "•": "-", "\u00a0": " ",
}  # fmt: skip


def plain_letters(text: str, encoding: str) -> str:
    """Return a text in the letters of a code page: without tones, then without other marks, where it lacks them.

    Examples
    --------
    >>> plain_letters("“Tiếng Việt” – đ", "cp1252"), plain_letters("“Tiếng Việt” – đ", "ascii")
    ('“Tiêng Viêt” – d', '"Tieng Viet" - d')
    >>> plain_letters("Tiếng Việt", "cp1258") == "Tiê\u0301ng Viê\u0323t"  # how this page writes tones
    True
    """
    return "".join(next(form for form in _letter_forms(letter) if _has_letters(encoding, form)) for letter in text)


def _letter_forms(letter: str) -> Iterator[str]:
    """Yield a letter in ever plainer forms."""
    parts = unicodedata.normalize("NFD", letter)
    tones = "".join(mark for mark in parts if mark in _TONES)
    toneless = unicodedata.normalize("NFC", "".join(mark for mark in parts if mark not in _TONES))
    base = "".join(mark for mark in parts if not unicodedata.combining(mark))
    yield from (letter, toneless + tones, toneless, base, _SIGNS.get(letter, "?"), "?")


def _has_letters(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _prepare_stream(stream: Any) -> None:
    """Let a stream write in UTF-8, also on a Windows console, or in the code page of a terminal or of the user.

    What that page lacks is written in its nearest letters.
    """
    if not hasattr(stream, "reconfigure"):
        return
    encoding = stream.encoding or "utf-8"
    if not (os.environ.get("PYTHONIOENCODING") or stream.isatty()) or encoding.lower().startswith("utf"):
        stream.reconfigure(encoding="utf-8")
        return

    def replace_letters(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        return plain_letters(error.object[error.start : error.end], encoding), error.end

    codecs.register_error(f"bhyt-{encoding}", replace_letters)
    stream.reconfigure(errors=f"bhyt-{encoding}")


@contextmanager
def guarded_streams(lang: str) -> Iterator[None]:
    """Guard standard output and standard error while a command runs; for their encoding see `plain_letters`."""
    open_missing_streams()
    before = sys.stdout, sys.stderr
    for stream in before:
        _prepare_stream(stream)
    sys.stdout, sys.stderr = Output(before[0], True, lang), Output(before[1], False, lang)
    try:
        yield
    finally:
        with suppress(OSError):
            sys.stdout.flush()
        sys.stdout, sys.stderr = before
