"""Which documents are made from a briefing, and by whom?"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from bhyt_analysis.i18n.messages import BhytError

PAGE = "html"
OFFICE = ("docx", "pptx", "xlsx")
FORMATS = (PAGE, *OFFICE)


def check_formats(asked: Iterable[str]) -> tuple[str, ...]:
    """The formats in their order; the page is always made, because the index leads to it.

    Raises
    ------
    BhytError
        for a name that is no format.

    Examples
    --------
    >>> check_formats(["xlsx", "docx"])
    ('html', 'docx', 'xlsx')
    """
    names = set(asked)
    if unknown := sorted(names - set(FORMATS)):
        raise BhytError(("error.bad_format", {"found": ", ".join(unknown), "expected": ", ".join(FORMATS)}))
    return tuple(f for f in FORMATS if f in names or f == PAGE)


def write_office(notebook: Path, formats: Iterable[str]) -> None:
    """Write the Word, PowerPoint and Excel files of an executed briefing beside its notebook.

    A library is loaded with the first file that it writes.
    """
    chosen = [f for f in OFFICE if f in set(formats)]
    if not chosen:
        return
    from bhyt_analysis.documents.content import read

    content = read(notebook)
    for name in chosen:
        room = import_module(f"bhyt_analysis.briefing.{name}")
        getattr(room, f"write_{name}")(content, notebook.with_suffix(f".{name}"))
