"""Open a Word file after a look at its sizes; what can't be read is refused with a sentence."""

from __future__ import annotations

import io
from pathlib import Path

from docx import Document
from docx.document import Document as WordDocument

from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.ingest.limits import MB, TooLargeError
from bhyt_analysis.ingest.packages import Package
from bhyt_analysis.plans.document_file import REFUSALS, document_kind, read_document_content

# A plan of 1,000 pages has 20 MB of XML, which takes 15 times as much memory; the rest of a file is pictures.
MAX_XML, MAX_UNPACKED = 50 * MB, 500 * MB
_ENCRYPTED = 1
_MAIN = b"wordprocessingml.document.main+xml"
_STRICT = b"http://purl.oclc.org/ooxml"  # of the strict kind, which python-docx does not read


def open_word(path: Path) -> WordDocument:
    """Return the document of a .docx file; nothing of the file is changed.

    Raises
    ------
    BhytError
        With one sentence for a file that is missing, empty, damaged, protected by a password, of another kind, too
        large, or that unpacks to an absurd size.
    """
    content = read_document_content(path)
    key = "error.plan_damaged"
    try:
        if not (refusal := _refusal(content)):
            return Document(io.BytesIO(content))
        key = refusal
    except TooLargeError:
        key = "error.plan_unpacked"
    except MemoryError:
        raise
    except Exception:  # zipfile, zlib, lxml and python-docx raise many kinds for a damaged file
        pass
    raise BhytError((key, {"file": path.name, "most": MAX_XML / MB}))


def _refusal(content: bytes) -> str:
    """Return the key of the message on a file that is not read; "" for a .docx. TooLargeError for its sizes."""
    kind = document_kind(content)
    if kind != "docx":
        return REFUSALS.get(kind, "error.plan_kind")
    package = Package(content)
    parts = package.archive.infolist()
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        return REFUSALS["password"]
    package.check_sizes()
    xml = sum(part.file_size for part in parts if part.filename.lower().endswith((".xml", ".rels")))
    if xml > MAX_XML or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise TooLargeError("unpacked", found=xml / MB, most=MAX_XML / MB)
    kinds = package.read("[Content_Types].xml")
    if b"wordprocessingml" not in kinds:
        return "error.plan_kind"
    return "error.plan_word_variant" if _MAIN not in kinds or _STRICT in package.read("_rels/.rels") else ""
