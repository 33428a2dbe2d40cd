"""Report the progress of a batch: a bar on a terminal, and lines on request."""

from __future__ import annotations

import sys
from collections import defaultdict

from bhyt_analysis.batch.manifest import AreaResult
from bhyt_analysis.batch.options import BatchOptions
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.messages import translate


class Progress:
    """A bar on standard error with areas done and failed, rate and time left; nothing if that is no terminal."""

    def __init__(self, total: int, options: BatchOptions) -> None:
        from tqdm import tqdm

        self._lang, self._options, self._failed = options.lang, options, 0
        self._cells: dict[str, list[tuple[float, str]]] = defaultdict(list)
        unit = " " + translate("cli.progress", self._lang)
        self._bar = tqdm(total=total, unit=unit, disable=None if options.progress else True, file=sys.stderr)

    def advance(self, result: AreaResult) -> None:
        """Count an area that has ended."""
        if result.status not in ("done", "skipped"):
            self._failed += 1
            self._bar.set_postfix_str(translate("cli.failed_so_far", self._lang, count=self._failed), refresh=False)
        if self._options.verbose:
            status = translate(f"result.{result.status}", self._lang)
            line = translate("cli.area", self._lang, slug=result.slug, result=status, seconds=result.seconds)
            self._bar.write(line + (f": {result.error}" if result.error else ""), file=sys.stderr)
        for name, seconds in result.cell_seconds:
            self._cells[name].append((seconds, result.slug))
        self._bar.update()

    def reset(self, total: int) -> None:
        """Begin again."""
        self._failed = 0
        self._bar.reset(total)

    def close(self) -> None:
        """End the bar; print the seconds of each cell over all areas on request."""
        self._bar.close()
        if not self._options.profile:
            return
        print(translate("cli.profile", self._lang), file=sys.stderr)
        means = {name: sum(s for s, _ in times) / len(times) for name, times in self._cells.items()}
        for name in sorted(means, key=lambda n: -means[n]):
            longest, slug = max(self._cells[name])
            mean, most = (format_number(s, self._lang, 3) for s in (means[name], longest))
            print(f"{mean:>8} {most:>8}  {slug:24} {name}", file=sys.stderr)
