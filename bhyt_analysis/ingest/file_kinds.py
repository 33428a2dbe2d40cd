"""Recognise what a file is by its content, whatever its name says: a workbook, text, or a kind that can't be read."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from bhyt_analysis.i18n.failures import failure
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.ingest.limits import MB, TooLargeError
from bhyt_analysis.ingest.packages import Package

# Kinds that are read; the others are keys of messages that say what to do.
TEXT, XLSX, XLSB, XLS, ODS = "text", "xlsx", "xlsb", "xls", "ods"
DAMAGED = "damaged"  # or a kind that has no name here
WORKBOOK_KINDS = (XLSX, XLSB, XLS, ODS)
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # of Office before 2007, and of workbooks with a password
_BEGINNINGS = {
    b"%PDF": "pdf",
    b"{\\rtf": "word",
    b"Rar!": "archive",
    b"7z\xbc\xaf": "archive",
    b"\x1f\x8b": "archive",
    b"BZh": "archive",
    b"\xfd7zXZ": "archive",
    b"\x89PNG": "image",
    b"\xff\xd8\xff": "image",
    b"GIF8": "image",
    b"BM": "image",
    b"II*\0": "image",
    b"MM\0*": "image",
    b"ID;P": "old_table",
}
_OLD_RECORDS = (b"\x09\x00", b"\x09\x02", b"\x09\x04", b"\x09\x08")  # begin a workbook of Excel 2 to 5
_COMPOUND_PARTS = {"EncryptedPackage": "password", "Workbook": XLS, "Book": XLS, "WordDocument": "word"}
_COMPOUND_PARTS |= {"PowerPoint Document": "slides"}
_ZIP_PARTS = {"xl/workbook.xml": XLSX, "xl/workbook.bin": XLSB, "word/document.xml": "word"}
_ZIP_PARTS |= {"ppt/presentation.xml": "slides", "index/document.iwa": "numbers"}
_WEB = re.compile(r"\s*(?:<!doctype html|<html|<head|<body|<table|<div|<style|<meta|<script|mime-version:)", re.I)


def special_kind(path: Path) -> str:
    """Return what a path is that is no regular file: "folder", "pipe", "device", "missing"; "" for a regular file.

    The file is not opened: a pipe would never end.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return "missing"
    if stat.S_ISREG(mode):
        return ""
    if stat.S_ISDIR(mode):
        return "folder"
    return "pipe" if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else "device"


def read_content(file: Path, most: int) -> bytes:
    """Return the content of a regular file; raise TooLargeError for one of more than ``most`` bytes.

    Whether it is a regular file is for the caller to see, by `special_kind`.
    """
    if (size := file.stat().st_size) <= most:
        with file.open("rb") as opened:
            content = opened.read(most + 1)  # it may have grown
        size = len(content)
    if size > most:
        raise TooLargeError("file", found=size / MB, most=most / MB)
    return content


def read_text(file: Path, most: int, not_utf8: str = "error.not_utf8") -> str:
    """Return the text of a small file in UTF-8, such as a scenario, as `BhytError` says what hinders it.

    ``not_utf8``: the message for another encoding, which says how to save a file of this kind.
    Nothing but a regular file is opened: a pipe or a device would never end.
    """
    if (kind := special_kind(file)) == "missing" and not file.is_symlink():
        raise BhytError(("error.no_such_file", {"file": file}))
    if kind:
        raise BhytError(("error.wrong_kind", {"file": file, "kind": f"file_kind.{kind}"}))
    try:
        return read_content(file, most).decode("utf-8-sig")
    except OSError as error:  # no right to read it, or another program has it open
        raise failure(error, file) from None
    except UnicodeDecodeError as error:
        raise BhytError((not_utf8, {"file": file.name, "byte": error.start})) from None
    except TooLargeError as error:
        raise BhytError(("error.too_large", {"file": file.name, **error.figures})) from None


def file_kind(content: bytes) -> str:
    """Return the kind of a file by its content: `TEXT` (also if unknown), a workbook's kind, or the key of a message.

    Examples
    --------
    >>> file_kind(b"%PDF-1.7"), file_kind(b"<html><table>"), file_kind("xã,số thẻ".encode()), file_kind(b"")
    ('pdf', 'web_page', 'text', 'empty')
    """
    if not content.strip(b"\0 \r\n\t\xef\xbb\xbf"):
        return "empty"
    if content.startswith(COMPOUND):
        parts = (kind for name, kind in _COMPOUND_PARTS.items() if _compound_name(name) in content)
        return next(parts, DAMAGED)
    if content.startswith(b"PK"):
        return _zip_kind(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image"
    if kind := next((k for begin, k in _BEGINNINGS.items() if content.startswith(begin) and not _is_text(content)), ""):
        return kind
    if content.startswith(_OLD_RECORDS) and content[2:3] < b"\x20":
        return XLS
    return _text_kind(content)


def _compound_name(name: str) -> bytes:
    """Return a name as the directory of a compound file has it."""
    return (name + "\0").encode("utf-16-le")


def _is_text(content: bytes) -> bool:
    """Return whether a file that begins like a picture is text, such as one whose first heading is «BM»."""
    return content.startswith((b"BM", b"ID;P")) and not re.search(rb"[\0-\x08]", content[:200])


def _zip_kind(content: bytes) -> str:
    """Return the kind of a zipped file; `DAMAGED` for one that can't be opened."""
    try:
        package = Package(content)
        names = package.names
        if "mimetype" in names:
            kind = package.read("mimetype").decode("ascii", "replace").strip()
            if b"encryption-data" in package.read("META-INF/manifest.xml"):
                return "password"
            return ODS if "opendocument.spreadsheet" in kind else "word" if "opendocument" in kind else "archive"
    except Exception:  # of a damaged or encrypted archive: zipfile and zlib raise many kinds
        return DAMAGED
    if "content.xml" in names:
        return ODS
    return next((kind for part, kind in _ZIP_PARTS.items() if part in names), "archive" if names else DAMAGED)


def _text_kind(content: bytes) -> str:
    """Return the kind of a file that is none of the known binary ones."""
    head = content[:4096]
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = head.decode("utf-16", "ignore") if wide else head.replace(b"\0", b"").decode("latin-1")
    text = text.removeprefix("ï»¿").lstrip("\ufeff \r\n\t")
    if _WEB.match(text) or (text.startswith("<") and re.search(r"<(?:html|table)[\s>]", text, re.I)):
        return "web_page"
    if text.startswith(("<?xml", "<Workbook")):
        return "xml"
    if text.startswith(("{", "[InternetShortcut]")) and re.search(r"(?:docs|drive)\.google|doc_id|URL=", text):
        return "link"
    return TEXT
