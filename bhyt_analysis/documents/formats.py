"""Register the document formats and write those that are chosen for a briefing."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from bhyt_analysis.i18n.failures import name_file
from bhyt_analysis.i18n.messages import BhytError

# The writer of each format, in the order of the index page. Office files are written from the content of a notebook
# (`bhyt_analysis.documents.content`), the page from the notebook itself.
WRITERS = {
    "html": "html_page:write_page",
    "docx": "docx:write_docx",
    "pptx": "pptx:write_pptx",
    "xlsx": "xlsx:write_xlsx",
}
FORMATS = tuple(WRITERS)
PAGE, OFFICE = FORMATS[0], FORMATS[1:]


def check_formats(names: Iterable[str]) -> tuple[str, ...]:
    """Return the formats in their order; the page is always one of them, because the index leads to it.

    Raises BhytError for a name that is no format.

    Examples
    --------
    >>> check_formats(["xlsx", "docx"])
    ('html', 'docx', 'xlsx')
    """
    chosen = set(names)
    if unknown := sorted(chosen - set(FORMATS)):
        raise BhytError(("error.bad_format", {"found": ", ".join(unknown), "expected": ", ".join(FORMATS)}))
    return tuple(f for f in FORMATS if f in chosen or f == PAGE)


def write_office(notebook: Path, formats: Iterable[str]) -> None:
    """Write the Word, PowerPoint and Excel files of an executed briefing beside its notebook.

    A library is loaded with the first file that it writes.
    """
    chosen = [f for f in OFFICE if f in set(formats)]
    if not chosen:
        return
    from bhyt_analysis.documents.content import read_content
    from bhyt_analysis.documents.zip_times import settle_times

    content = read_content(notebook)
    for key in chosen:
        module, function = WRITERS[key].split(":")
        write = getattr(import_module(f"bhyt_analysis.documents.{module}"), function)
        path = notebook.with_suffix(f".{key}")
        with name_file(path):
            write(content, path)
            settle_times(path)
