"""Read the units that a plan names, its lists of communes with their count, and the instruments that it cites."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bhyt_analysis.plans.document import Block
from bhyt_analysis.plans.entries import Place
from bhyt_analysis.plans.mentions import Instrument, instruments

_KINDS = "xã, phường, thị trấn|xã, phường|xã, thị trấn|xã|phường|thị trấn"
_LIST = re.compile(
    rf"(?<![\w.,/])(?P<count>\d{{1,3}}) (?P<kind>{_KINDS})(?P<middle>[^().;:\d]{{0,90}})"
    r"(?:\((?:gồm:? ?)?(?P<names>[^()]{4,})\)|: (?P<after>[^.;]{4,}))",
    re.IGNORECASE,
)
_NAME = r"[^\W\d_]+(?:[ -][^\W\d_]+){0,3}"
_BESIDE = re.compile(rf"\b(?P<kind>xã|phường|thị trấn|huyện|thị xã|quận) (?P<name>{_NAME})")
_COUNT = re.compile(r"(?<![\w.,/])(?P<count>\d{1,3}) (?P<kind>xã|phường|thị trấn)(?!\w)", re.IGNORECASE)


@dataclass(frozen=True)
class UnitList:
    """A list of units with the count that goes before it."""

    count: int
    kind: str
    names: tuple[str, ...]
    place: Place  # of the count
    name_places: tuple[Place, ...]


def unit_lists(blocks: Sequence[Block]) -> list[UnitList]:
    """Return the lists of communes that follow their count: «14 xã (Biển Động, Tân Hoa và Tân Mộc)».

    Examples
    --------
    >>> block = Block("Trên địa bàn có 3 xã (Biển Động, Tân Hoa và Tân Mộc) không còn thuộc diện")
    >>> [(one.count, one.names) for one in unit_lists([block])]
    [(3, ('Biển Động', 'Tân Hoa', 'Tân Mộc'))]
    """
    return [one for i, block in enumerate(blocks) for one in _lists(i, block.text)]


def _lists(index: int, text: str) -> Iterator[UnitList]:
    for match in _LIST.finditer(text):
        part = "names" if match["names"] else "after"
        start, names, places = match.start(part), [], []
        for piece in re.finditer(r"(?:(?! và |,|;).)+", match[part]):
            name = re.sub(r"^\s*(?:và |gồm:? |xã |phường |thị trấn )*", "", piece[0]).strip()
            if name and name[0].isupper() and len(name.split()) <= 5:
                position = start + piece.start() + piece[0].index(name)
                names.append(name)
                places.append(Place(index, position, position + len(name)))
        if len(names) >= 2:
            position = match.start("count")
            yield UnitList(
                int(match["count"]),
                match["kind"],
                tuple(names),
                Place(index, position, match.end("kind")),
                tuple(places),
            )


def named_units(blocks: Sequence[Block]) -> list[tuple[str, Place]]:
    """Return the units that the text names with the word for their kind, such as «xã Kiên Lao»."""
    names = []
    for i, block in enumerate(blocks):
        for match in _BESIDE.finditer(block.text):
            words = []
            for word in match["name"].split():
                if not word[0].isupper():
                    break
                words.append(word)
            if words and not match["name"].isupper():
                name = f"{match['kind']} {' '.join(words)}"
                names.append((name, Place(i, match.start(), match.start() + len(name))))
    return names


def counts_of_communes(blocks: Sequence[Block]) -> list[tuple[int, Place]]:
    """Return the counts of communes in the text, with their places."""
    return [(int(m["count"]), Place(i, *m.span())) for i, b in enumerate(blocks) for m in _COUNT.finditer(b.text)]


def cited_instruments(blocks: Sequence[Block]) -> list[tuple[Instrument, Place]]:
    """Return the instruments that a document cites, with the places of their numbers and days."""
    return [(one, Place(i, one.start, one.end)) for i, b in enumerate(blocks) for one in instruments(b.text)]
