"""Read the figures of a unit back from the sentences of its briefing, by the messages that these are written from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from bhyt_analysis.domain.bundled import packaged_table

FIELD = re.compile(r"\{(\w+)(?::[^}]*)?\}")
DAY_FIELDS = ("as_of", "day", "month", "on")
# Fields of messages on a part of the unit: the figures beside them are not those of the unit.
PARTS = {"group", "reporting", "reporting_communes"}
LEAST = 8  # letters of the text between two fields by which a message is looked for


@dataclass(frozen=True)
class _Message:
    pattern: re.Pattern[str]
    words: str  # the longest text between two fields
    keys: tuple[str, ...]


@dataclass(frozen=True)
class StatedFigure:
    """A figure in a sentence. ``key``: of the headline figure; ``value``, ``day``: as they are written."""

    key: str
    value: str
    day: str


@lru_cache(maxsize=8)
def _messages(lang: str, keys: frozenset[str]) -> tuple[_Message, ...]:
    """Return the messages of a briefing that state headline figures of these keys."""
    templates = packaged_table("i18n/messages/briefing.csv")[lang]
    messages = (_message(str(template), keys) for template in templates)
    return tuple(message for message in messages if message is not None)


def _message(template: str, keys: frozenset[str]) -> _Message | None:
    template = template.replace("**", "")
    fields = FIELD.findall(template)
    names = ["coverage" if name == "rate" and "insured" in fields else name for name in fields]
    texts = FIELD.split(template)[::2]
    words = max(texts, key=len)
    if not keys & set(names) or PARTS & set(names) or len(words) < LEAST:
        return None
    parts = [re.escape(texts[0])]
    for text in texts[1:]:
        is_end = not text.strip(". ")
        parts.append(r"([^;]+?)(?=\.?$|\.\s)" if is_end else f"([^;]{{1,60}}?){re.escape(text.rstrip('.'))}")
    return _Message(re.compile("".join(parts)), words.rstrip("."), tuple(names))


def stated_figures(text: str, lang: str, keys: frozenset[str]) -> Iterator[StatedFigure]:
    """Yield the figures that a text states of its unit, of those with the keys of headline figures.

    Examples
    --------
    >>> text = (
    ...     "Tính đến 31/10/2021, huyện Nhỏ có **3.240** người tham gia BHYT. Chưa có số dân nên chưa tính được tỷ lệ."
    ... )
    >>> list(stated_figures(text, "vi", frozenset({"insured"})))
    [StatedFigure(key='insured', value='3.240', day='31/10/2021')]
    """
    text = " ".join(text.replace("**", "").split())
    for message in _messages(lang, keys):
        for match in message.pattern.finditer(text) if message.words.strip() in text else ():
            fields = dict(zip(message.keys, match.groups(), strict=True))
            day = next((fields[name] for name in DAY_FIELDS if name in fields), "")
            for key in sorted(keys & fields.keys()):
                yield StatedFigure(key, fields[key], day)
