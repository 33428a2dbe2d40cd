"""Find the columns of units of a table, by the words of their headings and by the names and codes in their cells.

A heading such as «Phường/Xã», «Tên ĐVHC» or «Mã TP» consists of words for kinds of units and of words around them. A
column whose heading says nothing of units holds them if nearly all its cells do. The unit of a row is the lowest one
that it names: a column that holds units in those of the column in use takes its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from bhyt_analysis.domain.country import country
from bhyt_analysis.domain.geography import KIND_RANK, Unit
from bhyt_analysis.i18n.unit_names import normalise_name, strip_footnote
from bhyt_analysis.ingest.area_matching import KnownUnits
from bhyt_analysis.ingest.vietnamese_text import clean_text
from bhyt_analysis.ingest.workbook import Cell

# Columns of units, from that of the row to those above it.
LEVELS = ("area", "_name", "_within", "_province")
UNUSED = "_note"
_KIND_WORDS = {
    "thi tran": "commune", "dac khu": "commune", "co so": "commune", "phuong": "commune", "xa": "commune",
    "px": "commune", "thi xa": "district", "huyen": "district", "quan": "district", "qh": "district",
    "tx": "district", "thanh pho": "city", "tp": "city", "tinh": "province",
}  # fmt: skip
_UNIT_PHRASES = (
    "don vi hanh chinh",
    "don vi",
    "dvhc",
    "dia ban",
    "dia phuong",
    "noi cu tru",
    "noi o",
    "noi thuong tru",
)
_AROUND = ("ma so", "ma", "ten", "danh muc", "danh sach", "hanh chinh", "truc thuoc", "thuoc", "cap", "va", "hoac")
_COUNCIL = ("ubnd", "uy ban nhan dan")  # before the word for a commune; «UBND tỉnh» is a line of a title
_WORD = re.compile(
    rf"(?:{'|'.join(sorted((*_KIND_WORDS, *_UNIT_PHRASES, *_AROUND, *_COUNCIL), key=len, reverse=True))})\b"
)
_NEARLY_ALL, _SOME = 0.8, 0.3  # of the distinct cells of a column
_MOST = 60  # distinct cells that are looked at


# --- Headings ---


@lru_cache(maxsize=4096)
def unit_heading(text: str) -> str:
    """Return the column of units that a heading names by kinds of units and words around them, or "".

    "name" and "code" are those of the unit of the row, "within" and "province" those of the units above it, with
    "_code" for their codes; "unit" is a column of units of several levels, or of none that it says.

    Examples
    --------
    >>> [unit_heading(text) for text in ("Phường/Xã", "Mã PX", "Huyện, TX", "Mã TP", "Danh mục đơn vị hành chính")]
    ['name', 'code', 'within', 'province_code', 'unit']
    >>> unit_heading("Số xã"), unit_heading("Đơn vị tính"), unit_heading("Hộ nghèo")
    ('', '', '')
    """
    folded = normalise_name(text).strip("*:. ;,")
    if folded == "don vi tinh":
        return ""
    rest, words = re.sub(r"[\s/,;.()\[\]:_+&-]+", " ", folded).strip(), list[str]()
    while rest:
        if not (match := _WORD.match(rest)):
            return ""
        words.append(match[0])
        rest = rest[match.end() :].strip()
    kinds = {_KIND_WORDS[w] for w in words if w in _KIND_WORDS}
    code = any(w in ("ma", "ma so") for w in words)
    if (kinds != {"commune"} and any(w in _COUNCIL for w in words)) or not kinds | {*words} & {*_UNIT_PHRASES}:
        return ""
    if kinds == {"commune"}:
        return "code" if code else "name"
    if "commune" in kinds or not kinds:
        return "code" if code else "name" if "ten" in words else "unit"
    return ("within" if "district" in kinds else "province") + "_code" * code


def unit_heading_key(text: str, table: str) -> str:
    """Return the column of a table that `unit_heading` names, or ""."""
    level = unit_heading(text)
    if table == "areas":
        return "" if level == "unit" else level if level in ("", "code", "name") else f"_{level}"
    keys = {"code": "area", "unit": "area", "name": "_name"}
    return keys.get(level, f"_{level.removesuffix('_code')}" if level else "")


# --- Cells ---


@dataclass(frozen=True)
class UnitColumns:
    """The keys of all columns, with those of units; positions of columns recognised ``by_content``, or in ``doubt``.

    Those in doubt have units in those of the column in use, ``used``; without one, they may be the column of units.
    """

    keys: tuple[str, ...]
    by_content: tuple[int, ...] = ()
    doubt: tuple[int, ...] = ()
    used: int | None = None


def unit_columns(
    keys: Sequence[str], headings: Sequence[str], body: pd.DataFrame, holds_figures: Callable[[int], bool]
) -> UnitColumns:
    """Return the columns of units of a table.

    ``keys`` and ``headings`` are those of its columns, ``body`` are the rows below; ``holds_figures`` says whether the
    column of a position has any.
    """
    keys = _one_of_each_level(keys, headings, holds_figures)
    filled = [i for i in range(len(keys)) if (body[i + 1] != "").any()]
    unread = [i for i in filled if not keys[i]]
    used = next((keys.index(level) for level in LEVELS if level in keys), None)
    names = [i for i in filled if keys[i] == "_name" and i != used]
    if not (unread or names) or (used is not None and used not in filled):
        return UnitColumns(tuple(_promoted(keys)))
    columns = {i: _Column(body[i + 1]) for i in (*unread, *names, *([] if used is None else [used]))}
    numeric = frozenset(i for i in unread if holds_figures(i) and not columns[i].has_written_codes)
    if used is None:
        return _from_content(keys, columns, numeric)
    return _with_lower(keys, used, columns, numeric, unread)


def _one_of_each_level(keys: Sequence[str], headings: Sequence[str], holds_figures: Callable[[int], bool]) -> list[str]:
    """Return the keys with one column for each level: names before codes of units above, codes before other names.

    Figures below «Cấp huyện» are those of all its units.
    """
    result = [
        "" if key in LEVELS and _counts_level(h) and holds_figures(i) else key
        for i, (key, h) in enumerate(zip(keys, headings, strict=True))
    ]
    is_code = [unit_heading(h.rpartition(" – ")[2]).endswith("code") for h in headings]
    for level in ("_within", "_province"):
        same = [i for i, key in enumerate(result) if key == level]
        for i in same:
            result[i] = level if i == next((j for j in same if not is_code[j]), same[0]) else UNUSED
    units = [i for i, key in enumerate(result) if key == "area"]
    if len(units) == 2 and sum(is_code[i] for i in units) == 1:
        result[next(i for i in units if not is_code[i])] = "_name"
    return result


def _counts_level(heading: str) -> bool:
    return re.match(r"cap\b", normalise_name(heading.rpartition(" – ")[2])) is not None


def _promoted(keys: Sequence[str]) -> list[str]:
    """Return the keys with the column of names, else that of upper units, as the unit if no column has its code."""
    result = list(keys)
    for substitute in LEVELS[1:]:
        if "area" not in result and substitute in result:
            result[result.index(substitute)] = "area"
    return result


class _Column:
    """The units that the cells of a column can mean."""

    def __init__(self, cells: pd.Series) -> None:
        self.texts = [_text(v) for v in cells]
        distinct = [t for t in dict.fromkeys(self.texts) if t]
        self.units = {t: _candidates(t) for t in distinct[:_MOST]}
        texts = [v for v in cells if type(v) is str and re.fullmatch(r"\d{2,5}", v)]
        self.has_written_codes = any(v[0] == "0" for v in texts) and self.share >= _NEARLY_ALL

    @property
    def share(self) -> float:
        """Return the share of the distinct texts that can be units."""
        return sum(map(bool, self.units.values())) / max(len(self.units), 1)

    def kind(self) -> str:
        """Return the kind that most of the cells can be, the highest of equals."""
        counts = {kind: sum(any(u.kind == kind for u in us) for us in self.units.values()) for kind in KIND_RANK}
        return max(counts, key=lambda kind: (counts[kind], -KIND_RANK[kind]))

    def pairs_within(self, upper: _Column) -> tuple[float, bool]:
        """Return the share of the distinct pairs of cells in which this column has a unit in that of the other.

        The second value is whether one unit of the other column has several of this one.
        """
        pairs = dict.fromkeys((low, high) for low, high in zip(self.texts, upper.texts, strict=True) if low and high)
        both = [(low, high) for low, high in pairs if low in self.units and high in upper.units]
        inside = [high for low, high in both if _is_inside(self.units[low], upper.units[high])]
        return len(inside) / max(len(both), 1), len(set(inside)) < len(inside)

    def lies_in(self, upper: _Column) -> bool:
        """Return whether nearly all cells are units in those of the other column."""
        return self.pairs_within(upper)[0] >= _NEARLY_ALL


def _is_inside(units: Iterable[Unit], uppers: Iterable[Unit]) -> bool:
    """Return whether one of some units, none of which is one of the others, lies in one of those."""
    above = {*uppers}
    return not above & {*units} and any(above & _units().uppers(u) for u in units)


@lru_cache(maxsize=1)
def _units() -> KnownUnits:
    return KnownUnits(country().geography, 0)


def _text(cell: Cell) -> str:
    """Return a cell as the name or code of a unit; "" for other figures."""
    if type(cell) is str:
        return clean_text(cell)
    return f"{cell:.0f}" if isinstance(cell, float) and cell.is_integer() and cell > 0 else ""


@lru_cache(maxsize=4096)
def _candidates(text: str) -> tuple[Unit, ...]:
    """Return the units that a text can mean, but the country."""
    units = _units().numbered(text) if text.isdigit() else _units().candidates(strip_footnote(text))
    return tuple(u for u in units if u.kind != "country")


def _with_lower(
    keys: list[str], used: int, columns: dict[int, _Column], numeric: frozenset[int], unread: list[int]
) -> UnitColumns:
    """Return the columns of units with the lowest one as the unit, and with units above that only their cells tell.

    A column without a known heading is lower only if a unit has several in it, unlike the seat of each province.
    """
    inside = {i: c.pairs_within(columns[used]) for i, c in columns.items() if i != used}
    lower = [i for i, (share, _) in inside.items() if share >= (_NEARLY_ALL if i in numeric else _SOME)]
    if not lower:
        return UnitColumns(tuple(_promoted(_with_uppers(keys, used, columns, unread))))
    share, several = inside[lower[0]]
    sure = share >= _NEARLY_ALL and (several or keys[lower[0]] == "_name") and lower[0] not in numeric
    if not sure or len(lower) > 1:
        unread_units = tuple(UNUSED if key in LEVELS else key for key in keys)  # a row of no unit has no figures
        return UnitColumns(unread_units, doubt=tuple(lower), used=used)
    level = "_province" if columns[used].kind() == "province" else "_within"
    by_content = () if keys[lower[0]] == "_name" else (lower[0],)
    keys = [UNUSED if key == level else "_name" if key == "area" else key for key in keys]
    keys[used], keys[lower[0]] = level, "area"
    return UnitColumns(tuple(keys), by_content)


def _with_uppers(keys: list[str], used: int, columns: dict[int, _Column], unread: list[int]) -> list[str]:
    """Return the keys with columns that are not understood as units above where the unit in use lies in theirs."""
    result = list(keys)
    for i in unread:
        level = "_province" if columns[i].kind() == "province" else "_within"
        if level not in result and columns[i].share >= _NEARLY_ALL and columns[used].lies_in(columns[i]):
            result[i] = level
    return result


def _from_content(keys: list[str], columns: dict[int, _Column], numeric: frozenset[int]) -> UnitColumns:
    """Return the columns of units of a table without any heading of one."""
    texts = [i for i in columns if i not in numeric]
    units = [i for i in texts if columns[i].share >= _NEARLY_ALL]
    lowest = [i for i in units if not any(columns[j].lies_in(columns[i]) for j in units if j != i)]
    if len(lowest) != 1:
        doubt = units or [i for i in texts if columns[i].share >= _SOME] or texts[:1]
        return UnitColumns(tuple(keys), doubt=tuple(doubt))
    result = list(keys)
    result[lowest[0]] = "area"
    return UnitColumns(
        tuple(_with_uppers(result, lowest[0], columns, [i for i in units if i != lowest[0]])), (lowest[0],)
    )
