"""Hold what is read of a plan: rows of the input tables, each with its places in the document, and questions."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import NamedTuple


class Place(NamedTuple):
    """Some characters of a block, by their positions in its text."""

    block: int
    start: int
    end: int


@dataclass
class Entry:
    """A row of a table of the input, with where the document says it."""

    table: str
    cells: dict[str, object]
    places: list[Place]
    sentence: str = ""

    def key(self) -> tuple[Hashable, ...]:
        """Return what two entries have in common that say the same; a target of 95% is one of 95% or more."""
        ignored = ("locator", "instrument", "source", "note")
        cells = self.cells | ({"relation": "="} if self.cells.get("rate") and self.cells["relation"] == ">=" else {})
        return (self.table, *((k, str(v)) for k, v in cells.items() if k not in ignored))


@dataclass(frozen=True)
class Question:
    """What a sentence leaves unclear: the key of the message, the number, its sentence and its place."""

    kind: str
    place: Place
    number: str
    sentence: str
    locator: str


class Miscount(NamedTuple):
    """A number that others beside it give otherwise: the rule, its place and value, and what the others give."""

    rule: str
    place: Place
    value: float
    expected: float


@dataclass
class PartList:
    """A total with the parts that its list names; ``is_complete`` if these are all («gồm»)."""

    total: Entry
    parts: list[Entry]
    is_complete: bool

    def may_have(self, entry: Entry) -> bool:
        """Tell whether a count may be a part: of the total's day, and a change only if the total is one."""
        days = {e.cells["as_of"] for e in (entry, self.total)} - {""}
        changes = {"change_" in str(e.cells["figure"]) for e in (entry, self.total)}
        return entry is not self.total and entry not in self.parts and len(days) < 2 and len(changes) == 1

    @property
    def is_full(self) -> bool:
        """Tell whether the parts so far add up to the total."""
        values = [float(str(entry.cells["value"])) for entry in self.parts]
        return len(values) > 1 and sum(values) == float(str(self.total.cells["value"]))


@dataclass
class Entries:
    """All that is read of a plan; equal rows are one entry with several places."""

    rows: list[Entry] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    lists: list[PartList] = field(default_factory=list)
    miscounts: list[Miscount] = field(default_factory=list)
    _by_key: dict[tuple[Hashable, ...], Entry] = field(default_factory=dict)

    def add(self, entry: Entry) -> Entry:
        """Add an entry, or the places of one to the equal one that there is."""
        first = self._by_key.setdefault(entry.key(), entry)
        if first is entry:
            self.rows.append(entry)
        else:
            first.places += [p for p in entry.places if p not in first.places]
        return first
