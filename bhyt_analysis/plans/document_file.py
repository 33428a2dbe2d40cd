"""Open the file of a document, and say in one sentence why one is not read."""

from __future__ import annotations

from pathlib import Path

from bhyt_analysis.i18n.failures import failure
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.ingest.file_kinds import file_kind, read_content, special_kind
from bhyt_analysis.ingest.limits import MB, TooLargeError

MAX_DOCUMENT = 100 * MB  # of a Word or PDF file: pictures of 500 pages have about 50 MB
REFUSALS = {"old_word": "error.plan_old_word", "password": "error.plan_password"}  # messages by kind


def read_document_content(path: Path, most: int = MAX_DOCUMENT) -> bytes:
    """Return the content of a document's file.

    Raises
    ------
    BhytError
        For a file that is missing, no regular file, not readable, empty, or larger than ``most`` bytes.
    """
    if (kind := special_kind(path)) == "missing" and not path.is_symlink():
        raise BhytError(("error.no_such_file", {"file": path}))
    if kind:
        raise BhytError(("error.plan_wrong_kind", {"file": path}))
    try:
        content = read_content(path, most)
    except OSError as error:
        raise failure(error, path) from None
    except TooLargeError as error:
        raise BhytError(("error.plan_too_large", {"file": path.name, **error.figures})) from None
    if document_kind(content) == "empty":
        raise BhytError(("error.plan_empty", {"file": path.name}))
    return content


def document_kind(content: bytes) -> str:
    """Return what a document is by its content: "docx", "pdf", "text", "old_word", "password", "empty" or "other".

    Examples
    --------
    >>> document_kind(b"%PDF-1.7"), document_kind("KẾ HOẠCH".encode()), document_kind(b"{\\\\rtf1"), document_kind(b"")
    ('pdf', 'text', 'old_word', 'empty')
    """
    kind = file_kind(content)
    if b"%PDF-" in content[:1024]:
        return "pdf"
    if content.startswith(b"PK") and b"word/document" in content:  # some programs number this part
        return "docx"
    if kind == "word":
        return "old_word"
    if kind == "damaged" and content.startswith(b"PK"):
        return "docx"  # whose reader says that it is damaged
    return kind if kind in ("text", "password", "empty") else "other"
