"""Describe charts for readers who cannot see them and for programs that draw them again.

Each chart has its title, its figures and an alternative text made from them, so that the page, the report and the
slides say the same of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.tables.labels import weakest_stamp

MOST_LISTED = 8  # figures of a series that an alternative text lists; of more it gives the ends


@dataclass(frozen=True)
class ChartSeries:
    """Figures of one name: ``spec`` says how one is written (see `format_message`); None is not known or hidden.

    ``goals``: the positions of those that are targets, which must not look like what was counted, each with the
    word before it ("above ") or nothing.
    """

    name: str
    values: tuple[float | None, ...]
    spec: str
    color: str = ""
    goals: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class ChartDescription:
    """A chart in words and figures.

    ``kind``: what an office program can draw of it itself ("bar", "stacked", "column", "line"), or "picture".
    ``tags``: the statuses of its stamps. ``width_mm``: its width on paper or slide; ``title_fraction``: the part of
    its height that its title and stamps take, for documents that write their own; ``page_breaks``: the parts of its
    height below which a chart of many rows may be cut, between two of them. ``lang``: of its texts.
    """

    title: str
    alt: str
    kind: str = "picture"
    categories: tuple[str, ...] = ()
    series: tuple[ChartSeries, ...] = ()
    axis: str = ""
    source: str = ""
    tags: tuple[str, ...] = ()
    width_mm: float = 160
    title_fraction: float = 0.0
    page_breaks: tuple[float, ...] = ()
    lang: str = "vi"

    def to_dict(self) -> dict[str, object]:
        """Return the fields as JSON can hold them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> ChartDescription:
        """Return the description that `to_dict` wrote, also after JSON has made lists of its tuples."""
        series = (
            ChartSeries(**s | {"values": tuple(s["values"]), "goals": tuple((int(i), str(w)) for i, w in s["goals"])})
            for s in fields["series"]
        )
        lists = {k: tuple(fields[k]) for k in ("categories", "tags", "page_breaks")}
        return cls(**{**fields, **lists, "series": tuple(series)})


def chart_series(
    name: str,
    values: Sequence[float] | pd.Series,
    spec: str,
    color: str = "",
    hidden: Iterable[bool] | None = None,
    goals: Iterable[tuple[int, str]] = (),
) -> ChartSeries:
    """Return a series of figures without those that are ``hidden``.

    Examples
    --------
    >>> chart_series("Insured", [155163, 3, None], "n", hidden=[False, True, False]).values
    (155163.0, None, None)
    """
    hidden = [False] * len(values) if hidden is None else hidden
    visible = (None if h or pd.isna(v) else float(v) for v, h in zip(values, hidden, strict=True))
    return ChartSeries(name, tuple(visible), spec, color, tuple(goals))


def alt_text(
    title: str,
    categories: Sequence[str],
    series: Iterable[ChartSeries],
    lang: str,
    statuses: Iterable[str] = (),
    more: str = "",
    over_time: bool = False,
) -> str:
    """Return the title, the figures of every series, what else there is to say, and the stamp.

    Of many figures it gives the least and the most, or with ``over_time`` the first and the last.

    Examples
    --------
    >>> insured = chart_series("Insured", [8541, 5374], "n")
    >>> alt_text("The insured by group", ["Employees", "Pensioners"], [insured], "en", ["estimated"])
    'The insured by group. Insured: Employees 8,541; Pensioners 5,374. Estimated figures.'
    >>> many = chart_series("Rate", [0.7 + i / 100 for i in range(12)], "p1")
    >>> alt_text("Coverage", [f"Commune {i}" for i in range(12)], [many], "en")
    'Coverage. Rate: 12 figures, from 70.0% (Commune 0) to 81.0% (Commune 11).'
    """
    sentences = [title, *(_series_text(s, categories, lang, over_time) for s in series), more]
    stamp = weakest_stamp(list(statuses))
    sentences += [translate(f"status.{stamp}", lang)] if stamp else []
    return " ".join(s[0].upper() + s[1:].rstrip(".") + "." for s in sentences if s)


def _series_text(series: ChartSeries, categories: Sequence[str], lang: str, over_time: bool) -> str:
    """Return the figures of a series with their categories, or its ends where they are many."""
    points = [(v, c) for v, c in zip(series.values, categories, strict=True) if v is not None]
    texts = [format_message("{v:" + series.spec + "}", lang, v=value) for value, _ in points]
    if len(points) <= MOST_LISTED:
        parts = "; ".join(f"{category} {text}" for (_, category), text in zip(points, texts, strict=True))
    elif over_time:
        ends = {"first": texts[0], "start": points[0][1], "last": texts[-1], "end": points[-1][1]}
        parts = translate("alt.course", lang, **ends)
    else:
        low, high = (f(range(len(points)), key=lambda i: points[i][0]) for f in (min, max))
        words = {"low": texts[low], "lowest": points[low][1], "high": texts[high], "highest": points[high][1]}
        parts = translate("alt.range", lang, count=len(points), **words)
    if missing := len(series.values) - len(points):
        parts = "; ".join(p for p in (parts, translate("alt.none", lang, count=missing)) if p)
    return f"{series.name}: {parts}" if series.name else parts
