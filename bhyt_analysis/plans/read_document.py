"""Read a plan from a Word, PDF or text file."""

from __future__ import annotations

import importlib
from pathlib import Path

from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.plans.document import PlanDocument
from bhyt_analysis.plans.document_file import REFUSALS, document_kind, read_document_content

SUFFIXES = (".docx", ".pdf", ".txt", ".md")
_TEXT_SUFFIXES = (".txt", ".md", ".markdown", ".text")
DOCUMENT_SUFFIXES = (*SUFFIXES, *_TEXT_SUFFIXES, ".doc", ".docm", ".odt", ".rtf")  # some are refused, with what to do
# The function that reads a kind, by module and name: loaded when there is such a file.
_READERS = {
    "docx": ("bhyt_analysis.plans.word_reader", "read_word"),
    "pdf": ("bhyt_analysis.plans.pdf_reader", "read_pdf"),
    "text": ("bhyt_analysis.plans.text_reader", "read_text"),
}


def is_document(path: Path) -> bool:
    """Tell by its name whether a file is a document, and not an input of tables.

    Examples
    --------
    >>> is_document(Path("ke_hoach.DOCX")), is_document(Path("so_lieu.xlsx"))
    (True, False)
    """
    return path.suffix.lower() in DOCUMENT_SUFFIXES


def read_document(path: Path) -> PlanDocument:
    """Return the document of a file, read by the reader for what the file is, whatever its name says.

    Raises
    ------
    BhytError
        If the file can't be opened, or is of a kind that is not read; one sentence says what to do.
    """
    kind = document_kind(read_document_content(path))
    if kind == "text" and path.suffix.lower() not in _TEXT_SUFFIXES:
        kind = "other"
    if kind not in _READERS:
        raise BhytError((REFUSALS.get(kind, "error.plan_kind"), {"file": path.name}))
    module, name = _READERS[kind]
    document: PlanDocument = getattr(importlib.import_module(module), name)(path)
    return document
