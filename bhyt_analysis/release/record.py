"""Write and check the de-identification record of a released folder.

The record lists every file with its SHA-256, and has a hash of itself. That proves that nothing was changed since by
accident or by somebody who did not write the record anew; it is no signature, and does not say who released it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bhyt_analysis.batch.build_record import file_sha256
from bhyt_analysis.documents.html_page import read_template
from bhyt_analysis.i18n.failures import name_file
from bhyt_analysis.i18n.formats import format_date, format_number
from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.messages import BhytError, translate

RECORD, PAGE = "de-identification.json", "de-identification.html"
SCHEMA = 1
OWN_HASH = "record_sha256"
TEMPLATE = Path(__file__).with_name("record.html.j2")
Record = dict[str, Any]


def record_sha256(record: Mapping[str, Any]) -> str:
    """Return the hash of a record: of all its fields but the hash itself.

    >>> record_sha256({"a": 1}) == record_sha256({"a": 1, "record_sha256": "x"}) != record_sha256({"a": 2})
    True
    """
    fields = {key: value for key, value in record.items() if key != OWN_HASH}
    return hashlib.sha256(json.dumps(fields, sort_keys=True, ensure_ascii=True).encode("ascii")).hexdigest()


def write_record(folder: Path, record: Record) -> Record:
    """Write the page and the record of a folder that is otherwise complete; return the record with all hashes."""
    page = read_template(TEMPLATE).render(parts=[_page_part(record, lang) for lang in LANGUAGES])
    with name_file(folder / PAGE):
        (folder / PAGE).write_text(page, encoding="utf-8", newline="\n")
    record = {**record, "outputs_sha256": {name: file_sha256(folder / name) for name in files_in(folder)}}
    record[OWN_HASH] = record_sha256(record)
    with name_file(folder / RECORD):
        text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
        (folder / RECORD).write_text(text, encoding="utf-8", newline="\n")
    return record


def files_in(folder: Path) -> list[str]:
    """Return the files of a folder by their paths in it, with "/"; a link is one of them, wherever it leads."""
    names = []
    for place, folders, files in os.walk(folder):
        links = [name for name in folders if Path(place, name).is_symlink()]
        names += [Path(place, name).relative_to(folder).as_posix() for name in (*files, *links)]
    return sorted(names)


def read_record(folder: Path) -> Record:
    """Return the record of a folder; BhytError if there is none, or none that this version can read."""
    if not folder.is_dir():
        raise BhytError(("error.no_such_file", {"file": folder}))
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        hashes = record["outputs_sha256"]
        if record["schema"] != SCHEMA or not all(isinstance(h, str) for h in hashes.values()):
            raise ValueError
    except (FileNotFoundError, NotADirectoryError):
        raise BhytError(("error.not_released", {"folder": folder, "file": RECORD})) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BhytError(("error.bad_record", {"file": folder / RECORD})) from None
    return dict(record)


def verify_folder(folder: str | Path) -> list[BhytError]:
    """Return what is no longer as it was released, one error for each file; nothing if all is.

    Raises BhytError for a folder without a record.
    """
    folder = Path(folder)
    record = read_record(folder)
    faults = []
    if record.get(OWN_HASH) != record_sha256(record):
        faults.append(("verify.record", RECORD))
    listed, present = record["outputs_sha256"], set(files_in(folder)) - {RECORD}
    faults += [("verify.missing", name) for name in sorted(set(listed) - present)]
    faults += [("verify.added", name) for name in sorted(present - set(listed))]
    for name in sorted(present & set(listed)):
        path = folder / name
        if path.is_symlink() or not path.is_file() or file_sha256(path) != listed[name]:
            faults.append(("verify.changed", name))
    return [BhytError((key, {"file": name})) for key, name in faults]


def _page_part(record: Record, lang: str) -> dict[str, Any]:
    """Return what the page says in a language: its title, and pairs of a label and a text."""
    attack, counts = record["attack"], record["hidden_cells"]
    method = "record.method_rounded" if record["rounded_to"] else "record.method_text"

    def number(value: int) -> str:
        return format_number(value, lang)

    lines = {
        "law": translate("record.law_text", lang),
        "date": format_date(record["released"][:10], lang),
        "areas": "; ".join(area["name"] for area in record["areas"]),
        "counted": translate("record.counted_text", lang),
        "threshold": translate("record.threshold_text", lang, threshold=record["threshold"]),
        "hidden": translate("record.hidden_text", lang, **counts),
        "method": translate(method, lang, threshold=record["threshold"], base=record["rounded_to"]),
        "attack": translate("record.attack_text", lang, files=attack["files"], figures=attack["figures"]),
        "left_out": translate("record.left_out_text", lang),
        "versions": "; ".join(f"{name} {version}" for name, version in record["versions"].items()),
        "inputs": record["inputs_sha256"],
        "law_hash": record["law_sha256"],
        "proof": translate("record.proof_text", lang, file=RECORD),
    }
    rows = [(translate(f"record.{key}", lang), text) for key, text in lines.items()]
    return {"lang": lang, "title": translate("record.title", lang), "rows": rows}
