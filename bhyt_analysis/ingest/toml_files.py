"""Read TOML files, of scenarios and of answers, with a sentence for each way in which one can be unreadable."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from bhyt_analysis.i18n.formats import GROUPED, without_separators
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.i18n.text import clean_line
from bhyt_analysis.ingest.file_kinds import read_text
from bhyt_analysis.ingest.limits import MAX_NESTING, MAX_SETTINGS

_TEXTS = re.compile(r'"""(?:[^\\]|\\.)*?"""|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL)
_DEEP_KEY = re.compile(rf"(?:[\w-]+[ \t]*\.[ \t]*){{{MAX_NESTING}}}")
_PART = r"\"[^\"]*\"|'[^']*'|[\w-]+"
_KEY = re.compile(rf"\s*((?:{_PART})(?:\s*\.\s*(?:{_PART}))*)\s*=")
_HEADER = re.compile(r"(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_GROUPED_VALUE = re.compile(rf"=\s*({GROUPED})(?![\d.,])")
KeyPath = tuple[str | int, ...]


def read_toml(file: Path) -> dict[str, Any]:
    """Return the content of a TOML file; raises BhytError for one that is none."""
    return parse_toml(read_toml_text(file), file)


def read_toml_text(file: Path) -> str:
    """Return the text of a TOML file."""
    if file.is_dir():
        raise BhytError(("error.scenario_folder", {"file": file}))
    return read_text(file, MAX_SETTINGS, "error.toml_not_utf8")


def parse_toml(text: str, file: Path) -> dict[str, Any]:
    """Return the content of the text of a TOML file, which messages call by its name."""
    plain = _TEXTS.sub("x", text)
    if _DEEP_KEY.search(plain) or _depth(plain) > MAX_NESTING:  # whose parts tomllib would look up again and again
        raise BhytError(("error.nesting", {"file": file.name, "most": MAX_NESTING}))
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+), column (\d+)", str(error))  # none where the end comes too early
        line, column = place.groups() if place else (str(len(text.splitlines())), "–")
    except ValueError:  # a number of thousands of digits
        line, column = str(next((i for i, t in enumerate(text.split("\n"), 1) if re.search(r"\d{4000}", t)), 1)), "–"
    lines = text.splitlines()
    excerpt = clean_line(lines[int(line) - 1])[:60] if 0 < int(line) <= len(lines) else ""
    fields = {"file": file.name, "line": line, "column": column, "found": excerpt}
    if value := _GROUPED_VALUE.search(excerpt):
        fields = {"file": ("place.line", {"file": file.name, "line": line}), "key": excerpt[: value.start()].strip()}
        grouped = {"found": value[1], "plain": without_separators(value[1])}
        raise BhytError(("error.scenario_grouped", fields | grouped))
    raise BhytError(("error.scenario_file", fields))


def key_lines(text: str) -> dict[KeyPath, int]:
    r"""Return the line of each key of a TOML file.

    A key is the path to it: in ``[[law]]`` the rows are numbered from 0. Keys within brackets of a value have no line
    of their own.

    Examples
    --------
    >>> key_lines('name = "x"\n[[law]]\nvalue = 1\n[[law]]\nvalue = 2')[("law", 1, "value")]
    5
    """
    plain = _TEXTS.sub(lambda match: match[0] if "\n" not in match[0] else re.sub(r"[^\n]", "x", match[0]), text)
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in enumerate(plain.split("\n"), 1):
        if header := _HEADER.fullmatch(line.strip()):
            table = _key_path(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_key_path(key[1])), number)
    return lines


def _key_path(text: str) -> KeyPath:
    """Return the parts of a dotted key."""
    return tuple(part.strip("\"'") for part in re.findall(_PART, text))


def _depth(text: str) -> int:
    """Return how deep the brackets of a text are in each other."""
    depth = deepest = 0
    for mark in re.findall(r"[\[\]{}]", text):
        depth += 1 if mark in "[{" else -1
        deepest = max(deepest, depth)
    return deepest
