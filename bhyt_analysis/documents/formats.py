"""Register the document formats and write those that are chosen for a briefing."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from bhyt_analysis.i18n.failures import name_file
from bhyt_analysis.i18n.messages import BhytError, translate

# The writer of each format, in the order of the index page. Documents are written from the content of a notebook
# (`bhyt_analysis.documents.content`), the page from the notebook itself.
WRITERS = {
    "html": "html_page:write_page",
    "brief": "brief:write_brief",
    "docx": "docx:write_docx",
    "pptx": "pptx:write_pptx",
    "xlsx": "xlsx:write_xlsx",
    "pdf": "pdf:write_pdf",
    "card": "card:write_card",
    "model": "calculation.write:write_model",
}
FORMATS = tuple(WRITERS)
PAGE, OFFICE = FORMATS[0], FORMATS[1:]
# What follows the name of the area in the files of a format; other formats have one file, NAME.FORMAT.
ENDINGS = {
    "brief": ("-tom-tat.docx",),
    "pdf": ("-tom-tat.pdf", ".pdf"),
    "card": ("-chia-se.png", "-chia-se.txt"),
    "model": ("_mo_hinh.xlsx",),
}


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


def files_of(name: str) -> dict[str, tuple[str, ...]]:
    """Return the names of the files of each format. ``name``: of the area's folder and notebook.

    Examples
    --------
    >>> files_of("son-duong")["docx"], files_of("son-duong")["card"]
    (('son-duong.docx',), ('son-duong-chia-se.png', 'son-duong-chia-se.txt'))
    """
    return {key: tuple(name + ending for ending in ENDINGS.get(key, (f".{key}",))) for key in FORMATS}


def document_files(name: str) -> tuple[str, ...]:
    """Return the names of all documents beside the page, in the order in which they are listed.

    Examples
    --------
    >>> document_files("son-duong")[:2]
    ('son-duong-tom-tat.docx', 'son-duong.docx')
    """
    return tuple(file for key, files in files_of(name).items() if key != PAGE for file in files)


def listed_files(name: str, lang: str) -> list[tuple[str, str]]:
    """Return what readers call each document beside the page, and its file, in the order in which they are listed.

    Examples
    --------
    >>> listed_files("son-duong", "en")[0]
    ('Brief (Word)', 'son-duong-tom-tat.docx')
    """
    return [
        (translate(f"file.{key}{i or ''}", lang), file)
        for key, files in files_of(name).items()
        for i, file in enumerate(files)
        if key != PAGE
    ]


def write_office(notebook: Path, formats: Iterable[str]) -> dict[str, BhytError]:
    """Write the documents of an executed briefing beside its notebook.

    A library is loaded with the first file that it writes. Returns why a format could not be made, of those that need
    a program that this computer lacks.
    """
    chosen = [f for f in OFFICE if f in set(formats)]
    missing: dict[str, BhytError] = {}
    if not chosen:
        return missing
    from bhyt_analysis.documents.content import read_content

    content = read_content(notebook)
    for key in chosen:
        module, function = WRITERS[key].split(":")
        write = getattr(import_module(f"bhyt_analysis.documents.{module}"), function)
        paths = [notebook.with_name(file) for file in files_of(notebook.stem)[key]]
        with name_file(paths[0]):
            if key == "pdf":
                if reason := write(content, *paths, notebook=notebook):
                    missing[key] = reason
            else:
                write(content, *paths)
                settle_files(paths)
    return missing


def settle_files(paths: Iterable[Path]) -> None:
    """Set the times in Word, PowerPoint and Excel files, so that two runs write the same."""
    from bhyt_analysis.i18n.zip_times import settle_times

    for path in paths:
        if path.suffix in (".docx", ".pptx", ".xlsx"):
            settle_times(path)
