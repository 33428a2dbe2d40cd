"""Read TOML files, of scenarios and of answers, with a sentence for each way in which one can be unreadable."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from bhyt_analysis.i18n.messages import BhytError


def read_toml(file: Path) -> dict[str, Any]:
    """Return the content of a TOML file; raises BhytError for one that is none."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise BhytError(("error.no_such_file", {"file": file})) from None
    except (IsADirectoryError, PermissionError):
        key = "error.scenario_folder" if file.is_dir() else "error.no_such_file"  # Windows may not open a folder
        raise BhytError((key, {"file": file})) from None
    except UnicodeDecodeError as error:
        raise BhytError(("error.not_utf8", {"file": file.name, "byte": error.start})) from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+), column (\d+)", str(error))  # none where the end comes too early
        line, column = place.groups() if place else (str(len(file.read_text("utf-8-sig").splitlines())), "–")
        raise BhytError(("error.scenario_file", {"file": file.name, "line": line, "column": column})) from None
