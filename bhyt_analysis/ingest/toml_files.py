"""Read TOML files, of scenarios and of answers, with a sentence for each way in which one can be unreadable."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.ingest.file_kinds import read_text
from bhyt_analysis.ingest.limits import MAX_NESTING, MAX_SETTINGS

_TEXTS = re.compile(r'"""(?:[^\\]|\\.)*?"""|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL)
_DEEP_KEY = re.compile(rf"(?:[\w-]+[ \t]*\.[ \t]*){{{MAX_NESTING}}}")


def read_toml(file: Path) -> dict[str, Any]:
    """Return the content of a TOML file; raises BhytError for one that is none."""
    if file.is_dir():
        raise BhytError(("error.scenario_folder", {"file": file}))
    text = read_text(file, MAX_SETTINGS)
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
    raise BhytError(("error.scenario_file", {"file": file.name, "line": line, "column": column}))


def _depth(text: str) -> int:
    """Return how deep the brackets of a text are in each other."""
    depth = deepest = 0
    for mark in re.findall(r"[\[\]{}]", text):
        depth += 1 if mark in "[{" else -1
        deepest = max(deepest, depth)
    return deepest
