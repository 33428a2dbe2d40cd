"""What does a chart say to someone who can't see it, and with which figures could it be drawn again?

Each chart carries its title, the figures on it and an alternative text made from them, so
that the page, the report and the slides say the same of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.tables.labels import weakest_stamp

ALL_TOLD = 8  # figures of a series that an alternative text lists; of more it tells the ends


@dataclass(frozen=True)
class ChartSeries:
    """Figures of one name: ``spec`` says how one is written (see `words.render`), None is not known or hidden.

    ``goals``: the places of those that are targets, which must not look like what was counted, each with the word
    before it ("above ") or nothing.
    """

    name: str
    values: tuple[float | None, ...]
    spec: str
    color: str = ""
    goals: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class ChartDescription:
    """A chart in words and figures.

    ``kind``: what an office program can draw of it itself ("bar", "stacked", "column", "line"), or
    "picture". ``tags``: the statuses that must stand on its face. ``width_mm``: its width on paper or slide;
    ``title_fraction``: the part of its height that its title and stamps take, for places that have their own;
    ``page_breaks``: the parts of its height below which a chart of many rows may be cut, between two of them.
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

    def to_dict(self) -> dict[str, Any]:
        """The same as plain lists and texts, such as JSON can hold."""
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
    name: str, values: Any, spec: str, color: str = "", hidden: Any = None, goals: Sequence[tuple[int, str]] = ()
) -> ChartSeries:
    """A series of figures; where ``hidden`` is true there is none. ``goals``: the places of targets and their relations.

    Examples
    --------
    >>> chart_series("Insured", [155163, 3, None], "n", hidden=[False, True, False]).values
    (155163.0, None, None)
    """
    hidden = [False] * len(values) if hidden is None else hidden
    kept = (None if h or pd.isna(v) else float(v) for v, h in zip(values, hidden, strict=True))
    return ChartSeries(name, tuple(kept), spec, color, tuple(goals))


def alt_text(
    title: str, categories: Sequence[str], told: Sequence[ChartSeries], lang: str, statuses: Any = (), more: str = "",
    course: bool = False,
) -> str:  # fmt: skip
    """The title, the figures of every series, what else there is to say, and the stamp.

    Of many figures it tells the least and the most, or with ``course`` (over time) the first and the last.

    Examples
    --------
    >>> insured = chart_series("Insured", [8541, 5374], "n")
    >>> alt_text("The insured by group", ["Employees", "Pensioners"], [insured], "en", ["estimated"])
    'The insured by group. Insured: Employees 8,541; Pensioners 5,374. Estimated figures.'
    >>> many = chart_series("Rate", [0.7 + i / 100 for i in range(12)], "p1")
    >>> alt_text("Coverage", [f"Commune {i}" for i in range(12)], [many], "en")
    'Coverage. Rate: 12 figures, from 70.0% (Commune 0) to 81.0% (Commune 11).'
    """
    sentences = [title, *(_told(s, categories, lang, course) for s in told), more]
    stamp = weakest_stamp(list(statuses))
    sentences += [translate(f"status.{stamp}", lang)] if stamp else []
    return " ".join(s[0].upper() + s[1:].rstrip(".") + "." for s in sentences if s)


def _told(one: ChartSeries, categories: Sequence[str], lang: str, course: bool) -> str:
    known = [(v, c) for v, c in zip(one.values, categories, strict=True) if v is not None]
    hidden = len(one.values) - len(known)

    def written(value: float) -> str:
        return format_message("{v:" + one.spec + "}", lang, v=value)

    if len(known) <= ALL_TOLD:
        parts = "; ".join(f"{c} {written(v)}" for v, c in known)
    elif course:
        (first, start), (last, end) = known[0], known[-1]
        parts = translate("alt.course", lang, first=written(first), start=start, last=written(last), end=end)
    else:
        low, high = min(known, key=lambda k: k[0]), max(known, key=lambda k: k[0])
        words = {"low": written(low[0]), "lowest": low[1], "high": written(high[0]), "highest": high[1]}
        parts = translate("alt.range", lang, count=len(known), **words)
    if hidden:
        parts = "; ".join(p for p in (parts, translate("alt.none", lang, count=hidden)) if p)
    return f"{one.name}: {parts}" if one.name else parts
