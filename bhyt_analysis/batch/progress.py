"""How far is a batch, and where does its time go? A bar where somebody looks on, lines where they are asked for."""

from __future__ import annotations

import sys
from collections import defaultdict
from typing import Any

from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.messages import translate


class Progress:
    """A bar on standard error with areas done and failed, rate and time left; nothing if it is no terminal."""

    def __init__(self, total: int, lang: str, shown: bool, verbose: bool, profile: bool) -> None:
        from tqdm import tqdm

        self._lang, self._verbose, self._profile, self._failed = lang, verbose, profile, 0
        self._cells: dict[str, list[tuple[float, str]]] = defaultdict(list)
        unit = " " + translate("cli.progress", lang)
        self._bar = tqdm(total=total, unit=unit, disable=None if shown else True, file=sys.stderr)

    def tell(self, result: dict[str, Any]) -> None:
        """One area has ended."""
        if result["status"] not in ("done", "skipped"):
            self._failed += 1
            self._bar.set_postfix_str(translate("cli.failed_so_far", self._lang, count=self._failed), refresh=False)
        if self._verbose:
            words = {"slug": result["slug"], "result": translate(f"result.{result['status']}", self._lang)}
            line = translate("cli.area", self._lang, **words, seconds=result["seconds"])
            self._bar.write(line + (f": {result['error']}" if result["error"] else ""), file=sys.stderr)
        for name, seconds in result.get("cells", ()):
            self._cells[name].append((seconds, result["slug"]))
        self._bar.update()

    def reset(self, total: int) -> None:
        """All over again."""
        self._failed = 0
        self._bar.reset(total)

    def close(self) -> None:
        """The end; with the seconds of each cell over all areas if they were asked for."""
        self._bar.close()
        if not self._profile:
            return
        print(translate("cli.profile", self._lang), file=sys.stderr)
        means = {name: sum(s for s, _ in told) / len(told) for name, told in self._cells.items()}
        for name in sorted(means, key=lambda n: -means[n]):
            most, slug = max(self._cells[name])
            shown = [format_number(s, self._lang, 3) for s in (means[name], most)]
            print(f"{shown[0]:>8} {shown[1]:>8}  {slug:24} {name}", file=sys.stderr)
