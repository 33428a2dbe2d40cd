"""Compare the figures of two batches: ``python -m benchmarks.compare_outputs BEFORE AFTER``.

Reads facts.json, the CSV tables and the text of the pages of each area, and the names of the files; prints what
differs. What names the code, the day or the machine (version, hashes of law and inputs, seconds) does not count.
"""

from __future__ import annotations

import difflib
import html
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

UNSTABLE = ("version", "law_sha256", "inputs_sha256")
SHOWN_LINES = 6


def facts(folder: Path) -> str:
    """Return the facts of an area without what changes with the code."""
    content = json.loads((folder / "facts.json").read_text("utf-8"))
    return json.dumps({k: v for k, v in content.items() if k not in UNSTABLE}, ensure_ascii=False, indent=1)


def page_text(path: Path) -> str:
    """Return the visible text of a page, a line for each block, without hashes and versions."""
    body = re.sub(r"<(style|script|svg)\b.*?</\1>", "", path.read_text("utf-8"), flags=re.DOTALL)
    text = html.unescape(re.sub(r"<[^>]+>", "\n", body))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(re.sub(r"\b[0-9a-f]{8}\b", "", line) for line in lines if line)


def texts(folder: Path) -> dict[str, str]:
    """Return all that is compared of an area, by name."""
    content = {"facts.json": facts(folder)}
    content |= {f"tables/{p.name}": p.read_text("utf-8-sig") for p in sorted(folder.glob("tables/*.csv"))}
    content |= {f"charts/{p.name}": "" for p in sorted(folder.glob("charts/*"))}
    return content | {p.name: page_text(p) for p in sorted(folder.glob("*.html"))}


def differences(before: Path, after: Path) -> Iterator[str]:
    """Yield what differs between two folders of briefings."""
    areas = [{p.parent.name for p in folder.glob("*/facts.json")} for folder in (before, after)]
    yield from (f"{area}: only before" for area in sorted(areas[0] - areas[1]))
    yield from (f"{area}: only after" for area in sorted(areas[1] - areas[0]))
    for area in sorted(areas[0] & areas[1]):
        old, new = texts(before / area), texts(after / area)
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                lines = difflib.unified_diff(
                    old.get(name, "").split("\n"), new.get(name, "").split("\n"), n=0, lineterm=""
                )
                changed = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
                yield f"{area}/{name}: {len(changed)} lines" + "".join(
                    f"\n    {c[:160]}" for c in changed[:SHOWN_LINES]
                )


def main() -> int:
    """Print the differences; 1 if there are any."""
    lines = list(differences(*map(Path, sys.argv[1:3])))
    print(*lines, f"{len(lines)} differences", sep="\n")
    return min(len(lines), 1)


if __name__ == "__main__":
    sys.exit(main())
