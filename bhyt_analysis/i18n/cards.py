"""Show an object as a short card: in a notebook as a table, in a terminal in ten lines."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import zip_longest

import pandas as pd

from bhyt_analysis.i18n.dates import DateLike
from bhyt_analysis.i18n.formats import format_date
from bhyt_analysis.i18n.languages import lang
from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.i18n.text import clean_line

LINES, COLUMNS = 10, 100  # of a card in a terminal
Rows = Sequence[tuple[str, str]]  # a label and a value


class HasCard:
    """An object that shows itself as a card."""

    def card(self) -> tuple[str, Rows]:
        """Return the title and the rows of the card, in the language of `bhyt_analysis.lang`."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return card_text(*self.card())

    def _repr_html_(self) -> str:
        return card_html(*self.card())


def card_text(title: str, rows: Rows) -> str:
    """Return a card of at most ten lines of at most a hundred columns; more rows than lines are in columns.

    Examples
    --------
    >>> print(card_text("Sơn Dương", [("Dân số", "182.330"), ("Tỷ lệ", "85,1%"), ("Ghi chú", "")]))
    Sơn Dương
     Dân số  182.330
     Tỷ lệ   85,1%
    """
    rows = [(clean_line(label), clean_line(value)) for label, value in rows if value]
    count = -(-len(rows) // (LINES - 1))  # columns
    height = -(-len(rows) // max(count, 1))
    gap = "  " if count == 1 else " "
    blocks = [_aligned(rows[i : i + height], gap) for i in range(0, len(rows), height or 1)]
    if sum(1 + len(block[0]) + len(gap) for block in blocks) > COLUMNS + len(gap):
        blocks = [[_cut(line, COLUMNS // count - 2) for line in block] for block in blocks]
    lines = (" " + "  ".join(cells) for cells in zip_longest(*blocks, fillvalue=""))
    return "\n".join([_cut(clean_line(title), COLUMNS).rstrip(), *(line.rstrip() for line in lines)])


def _aligned(rows: Rows, gap: str) -> list[str]:
    """Return rows as lines of the same width: labels, and values below each other."""
    label_width = max(len(label) for label, _ in rows)
    lines = [f"{label:{label_width}}{gap}{value}" for label, value in rows]
    return [line.ljust(max(map(len, lines))) for line in lines]


def _cut(text: str, width: int) -> str:
    """Return a text of a width; one that is cut ends with an ellipsis."""
    text = text.rstrip()
    return (text if len(text) <= width else text[: width - 1].rstrip() + "…").ljust(width)


def card_html(title: str, rows: Rows) -> str:
    """Return a card as HTML.

    Examples
    --------
    >>> "<b>" in card_html("<b>", [("Dân số", "<script>")]), "&lt;script&gt;" in card_html("", [("", "<script>")])
    (False, True)
    """
    lines = (
        f'<tr style="background:none"><th scope="row" style="{_CELL};font-weight:normal;opacity:.7">'
        f'{html.escape(label)}</th><td style="{_CELL}">{html.escape(value)}</td></tr>'
        for label, value in rows
        if value
    )
    heading = f'<div style="font-weight:bold;padding:2px 8px">{html.escape(clean_line(title))}</div>'
    table = f'<table style="border-collapse:collapse;margin:0">{"".join(lines)}</table>'
    box = "display:inline-block;max-width:60em;border-left:3px solid #0072B2;padding:4px 6px;margin:2px 0"
    return f'<div style="{box}">{heading}{table}</div>'


_CELL = "text-align:left;vertical-align:top;padding:2px 8px;border:none;white-space:normal"


def target_text(on: DateLike, rate: float, relation: str = "=", **_: object) -> str:
    """Return a target as a card has it.

    Examples
    --------
    >>> target_text("2025-12-31", 0.95, ">="), target_text("2026-06-30", 0.9515)
    ('2025: ít nhất 95%', '30/06/2026: 95,15%')
    """
    day = pd.Timestamp(on)
    when = str(day.year) if (day.month, day.day) == (12, 31) else format_date(day, lang())
    return f"{when}: {translate(f'relation.{relation}')}{format_message('{v:pe}', lang(), v=rate)}"


def shorten_list(texts: Sequence[str], most: int = 4) -> str:
    """Return the first texts of a list, and how many more there are.

    Examples
    --------
    >>> shorten_list(["a", "b", "c", "d", "e", "f"]), shorten_list([])
    ('a; b; c; d; … (+2)', '')
    """
    more = [f"… (+{len(texts) - most})"] if len(texts) > most else []
    return "; ".join([*texts[:most], *more])
