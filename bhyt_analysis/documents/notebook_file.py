"""Read an executed notebook as documents need it, without loading what draws charts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bhyt_analysis.i18n.text import printable


def read_notebook(notebook: Path) -> dict[str, Any]:
    """Return a notebook as it is on disk, without characters that documents can't hold."""
    return dict(_printable(json.loads(notebook.read_text(encoding="utf-8"))))


def _printable(part: Any) -> Any:
    """Return a part of a JSON document with all of its texts printable."""
    if isinstance(part, str):
        return printable(part)
    if isinstance(part, list):
        return [_printable(p) for p in part]
    return {k: _printable(v) for k, v in part.items()} if isinstance(part, dict) else part
