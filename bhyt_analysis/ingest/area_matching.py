"""Which unit does a name in a row mean, on the day of the row and in its district?

People write «Xã Kiên Lao», «KIÊN LAO», «Kien Lao» or «x. Kiên Lao». A text with accents must have the
right ones; a text without any means whatever reads so. What fits two units is asked about, not guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bhyt_analysis.domain.findings import Finding, Term
from bhyt_analysis.domain.geography import full_unit_name
from bhyt_analysis.i18n.messages import nearest_choice
from bhyt_analysis.i18n.unit_names import normalise_name, strip_unit_word
from bhyt_analysis.ingest.vietnamese_text import clean_text

WORDS = {
    "x": "xã", "p": "phường", "tt": "thị trấn", "tx": "thị xã", "tp": "thành phố", "h": "huyện", "q": "quận", "t": "tỉnh",
}  # fmt: skip
_TONES = "\u0300\u0301\u0303\u0309\u0323"
# The tables whose rows speak of a unit as it is on their day, and the column of that day.
DAYS = {
    "population": "as_of",
    "cards": "as_of",
    "flows": "as_of",
    "expiring": "as_of",
    "losses": "on",
    "zones": "since",
}


@dataclass(frozen=True)
class Gazetteer:
    """The units by their names: ``by_name`` has the rows of ``areas`` for each way to write a name,
    ``parents`` the code of the unit above each."""

    areas: pd.DataFrame
    by_name: dict[str, list[int]]
    code: list[str]
    codes: frozenset[str]
    parents: dict[str, str]


def build_gazetteer(areas: pd.DataFrame) -> Gazetteer:
    """The ways to write the names of some units."""
    by_name: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(areas["name"]):
        for way in {
            _key(name),
            _key(strip_unit_word(name)),
            normalise_name(name),
            normalise_name(strip_unit_word(name)),
        }:
            by_name[way].append(place)
    parents = dict(zip(areas["code"], areas["parent"], strict=True))
    return Gazetteer(areas, by_name, areas["code"].tolist(), frozenset(areas["code"]), parents)


def _key(name: str) -> str:
    """A name with its accents but without case, and with the tone after its syllable: Hoà and Hòa are one name.

    Examples
    --------
    >>> _key("Xã Hoà Bình") == _key("xã  HÒA BÌNH"), _key("Phì Diền") == _key("Phì Điền")
    (True, False)
    """
    words = []
    for word in unicodedata.normalize("NFD", clean_text(name).casefold()).split():
        tones = "".join(c for c in word if c in _TONES)
        words.append(unicodedata.normalize("NFC", "".join(c for c in word if c not in _TONES)) + tones)
    return " ".join(words)


def expand_abbreviations(text: str) -> str:
    """A name without its number in a list, and with the word for its kind written out.

    Examples
    --------
    >>> expand_abbreviations("3. x. Kiên Lao"), expand_abbreviations("TT.Chũ"), expand_abbreviations("Phì Điền")
    ('xã Kiên Lao', 'thị trấn Chũ', 'Phì Điền')
    """
    text = " ".join(re.sub(r"^([-+*•]|\d{1,3}[.)]|[IVX]{1,5}[.)])\s*", "", clean_text(text)).split())
    if match := re.match(r"(?i)(tt|tx|tp|x|p|h|q|t)(?:\.\s*|\s+)(?=\S)", text):
        word = match[1]
        if text[match.end() - 1] in ". " and (word.lower() in WORDS):
            return f"{WORDS[word.lower()]} {text[match.end() :]}"
    return text


def match_name(units: Gazetteer, text: str) -> list[int]:
    """The rows of the units that a name can mean, without regard to day or place."""
    wanted = expand_abbreviations(text)
    return units.by_name.get(normalise_name(wanted) if wanted.isascii() else _key(wanted), [])


def resolve_areas(
    tables: dict[str, pd.DataFrame],
    titles: dict[str, tuple[str, ...]],
    bundled: Callable[[], pd.DataFrame],
    found: list[Finding],
) -> dict[str, pd.DataFrame]:
    """The tables with the codes of units in place of their names, and with the bundled units that they speak of.

    ``titles`` are the texts above each sheet, by its label. A unit that the input's own table ``areas``
    does not hold is looked for among the bundled ones.
    """
    own = tables["areas"]
    mentioned = {n: t for n, t in tables.items() if "area" in t and len(t)}
    codes = {*own["code"], "", "each"}
    named_too = any("_name" in t for t in mentioned.values())
    if (
        not named_too
        and len(own)
        and own["parent"].isin(codes).all()
        and all(t["area"].isin(codes).all() for t in mentioned.values())
    ):
        return tables
    if not len(own):
        units = build_gazetteer(bundled())
    else:
        units = build_gazetteer(own)
        lacking = {a for t in mentioned.values() for a in pd.unique(t["area"]) if not is_known_name(units, a)}
        lacking |= {a for a in pd.unique(own["parent"]) if a and not is_known_name(units, a)}
        if lacking - {"each"}:
            units = build_gazetteer(_with_bundled(own, bundled(), lacking))
    result = dict(tables) | {"areas": _parents(units, found)}
    for name, table in mentioned.items():
        found += _misnamed(table, units)
        result[name] = _coded(name, table, units, titles, found)
    return result


def is_known_name(units: Gazetteer, text: str) -> bool:
    """Whether a text is the code or the name of a unit."""
    return text in units.codes or bool(match_name(units, text))


def _with_bundled(own: pd.DataFrame, bundled: pd.DataFrame, lacking: Iterable[str]) -> pd.DataFrame:
    """The input's units and the bundled ones that it speaks of, with those above them and in them."""
    others = build_gazetteer(bundled[~bundled["code"].isin(own["code"])].reset_index(drop=True))
    areas, wanted = others.areas, set[str]()
    for text in lacking:
        wanted |= {text} & others.codes
        wanted |= {others.code[i] for i in match_name(others, text)} or set(_padded(others, text))
    inside = above = wanted
    while above:
        above = set(areas.loc[areas["code"].isin(above), "parent"]) - wanted - {""}
        wanted = wanted | above
    while inside:
        inside = set(areas.loc[areas["parent"].isin(inside) & (areas["kind"] == "commune"), "code"]) - wanted
        wanted = wanted | inside
    return pd.concat([own, areas[areas["code"].isin(wanted)]], ignore_index=True)


def _padded(units: Gazetteer, text: str) -> list[str]:
    """The codes that a number becomes with its leading zeros, which Excel drops."""
    if not re.fullmatch(r"\d{1,4}", text):
        return []
    return [c for c in (text.zfill(n) for n in (2, 3, 5)) if c != text and c in units.codes]


def _parents(units: Gazetteer, found: list[Finding]) -> pd.DataFrame:
    """The units with codes in place of the names of the units above them."""
    areas = units.areas
    odd = areas[(areas["parent"] != "") & ~areas["parent"].isin(units.codes)]
    codes = {}
    for text in pd.unique(odd["parent"]):
        fits = {units.code[i] for i in match_name(units, text)} or set(_padded(units, text))
        if len(fits) == 1:
            codes[text] = fits.pop()
        elif fits:  # that a unit is not there at all, the checks tell
            found += [
                _not_told(units, row.file, row.row, "parent", text, fits)
                for row in odd[odd["parent"] == text].itertuples()
            ]
    return areas.assign(parent=areas["parent"].replace(codes)) if codes else areas


def _misnamed(table: pd.DataFrame, units: Gazetteer) -> list[Finding]:
    """Rows whose code is that of another unit than their name."""
    if "_name" not in table:
        return []
    rows = table[table["area"].isin(units.codes) & (table["_name"] != "")].drop_duplicates(["file", "row"])
    found = []
    for (code, text), same in rows.groupby(["area", "_name"], sort=False):
        fits = {units.code[i] for i in match_name(units, str(text))}
        if fits and code not in fits:
            parts = {"value": code, "expected": full_unit_name(units.areas, str(code)), "name": text}
            found += [Finding.in_row("code_not_name", row, "area", **parts) for row in same.itertuples()]
    return found


def _coded(
    name: str, table: pd.DataFrame, units: Gazetteer, titles: dict[str, tuple[str, ...]], found: list[Finding]
) -> pd.DataFrame:
    """A table with codes in its column ``area``; what can't be told becomes a finding."""
    sure = (table["area"].isin(units.codes) | table["area"].isin(["", "each"])).to_numpy()
    if sure.all():
        return table
    key = ["file", "area", "_within", "day"]
    rows = table.assign(_within=table.get("_within", ""), day=table[DAYS[name]] if name in DAYS else pd.NaT)[~sure]
    number = rows.groupby(key, dropna=False, sort=False).ngroup().to_numpy()
    heads = rows.iloc[np.unique(number, return_index=True)[1]]  # one row for each thing that is asked
    asked = [_fitting(units, h.area, h.within, h.day) for h in heads.rename(columns={"_within": "within"}).itertuples()]
    homes = _homes(units, table[sure], heads, asked)
    fits = [
        _nearer(units, some, titles.get(file, ()), homes.get(file)) if len(some) > 1 else some
        for (some, _), file in zip(asked, heads["file"], strict=True)
    ]
    unclear = rows.assign(number=number)[[len(fits[i]) != 1 for i in number]].drop_duplicates(["file", "row"])
    for row, i in zip(unclear.itertuples(), unclear["number"], strict=True):  # once for all groups of a row
        found.append(_not_told(units, row.file, row.row, "area", row.area, fits[i], asked[i][1], row.day))
    found += _lost_zeros(heads, fits)
    codes = np.array(
        [next(iter(f)) if len(f) == 1 else a for f, a in zip(fits, heads["area"], strict=True)], dtype=object
    )
    area = table["area"].to_numpy(dtype=object, copy=True)
    area[~sure] = codes[number]
    return table.assign(area=pd.array(area, dtype="str"))


def _fitting(units: Gazetteer, text: str, within: str, on: pd.Timestamp) -> tuple[set[str], str]:
    """The codes of the units that a text can mean on a day, and the rule that is broken if it is not one."""
    areas, places = units.areas, match_name(units, text)
    if not places:
        return set(_padded(units, text)), "unknown_area"
    if within:
        upper = {units.code[i] for i in match_name(units, within)} | ({within} & units.codes)
        places = [i for i in places if upper & _above(units, units.parents[units.code[i]])]
        if not places:
            return set(), "not_within"
    if not pd.isna(on):
        since, until = (areas[c].to_numpy()[places] for c in ("since", "until"))
        day = pd.Timestamp(on).to_datetime64()
        places = [p for p, alive in zip(places, ~(since > day) & ~(until < day), strict=True) if alive]
        if not places:
            return set(), "not_on_day"
    return {units.code[i] for i in places}, "ambiguous_area"


def _above(units: Gazetteer, code: str) -> set[str]:
    """A unit and those that it lies in."""
    chain = set[str]()
    while code and code not in chain:
        chain.add(code)
        code = units.parents.get(code, "")
    return chain


def _homes(
    units: Gazetteer, sure: pd.DataFrame, heads: pd.DataFrame, asked: list[tuple[set[str], str]]
) -> dict[str, str]:
    """The one unit in which all units of a sheet lie that are sure, by the sheet."""
    told: dict[str, set[str]] = defaultdict(set)
    for file, code in zip(sure["file"], sure["area"], strict=True):
        told[file].add(code)
    for file, (fits, _) in zip(heads["file"], asked, strict=True):
        told[file] |= fits if len(fits) == 1 else set()
    homes = {file: {units.parents.get(c, "") for c in codes} for file, codes in told.items()}
    return {file: some.pop() for file, some in homes.items() if len(some) == 1}


def _nearer(units: Gazetteer, fits: set[str], titles: tuple[str, ...], home: str | None) -> set[str]:
    """Of several units those that lie in the one that a title names, or else where all others of the sheet lie."""
    areas, above = units.areas, normalise_name(" ".join(titles))
    names = dict(zip(areas["code"], areas["name"].map(strip_unit_word).map(normalise_name), strict=True))
    upper = {c: _above(units, units.parents.get(c, "")) for c in fits}
    in_title = {
        c
        for c in fits
        if any(re.search(rf"\b{re.escape(names[u])}\b", above) for u in upper[c] if units.parents.get(u))
    }
    at_home = {c for c in fits if home and units.parents.get(c) == home}
    return in_title if len(in_title) == 1 else at_home if len(at_home) == 1 else fits


def _lost_zeros(heads: pd.DataFrame, fits: list[set[str]]) -> list[Finding]:
    """One finding for each sheet whose codes have lost their zeros, as Excel drops them."""
    told: dict[str, Finding] = {}
    for row, some in zip(heads.itertuples(), fits, strict=True):
        if len(some) == 1 and str(row.area).isdigit():
            code = next(iter(some))
            finding = Finding.in_row("lost_zeros", row, "area", value=row.area, expected=code)
            told.setdefault(str(row.file), finding)
    return list(told.values())


def _not_told(
    units: Gazetteer, file: str, row: int, column: str, text: str, fits: set[str],
    rule: str = "unknown_area", on: pd.Timestamp | None = None,
) -> Finding:  # fmt: skip
    """What to say of a text that means no unit, or several."""
    areas = units.areas
    if len(fits) > 1:
        choices = "; ".join(f"{c} {full_unit_name(areas, c)}" for c in sorted(fits))
        return Finding("ambiguous_area", file, int(row), column, value=text, expected=choices)
    if rule == "not_on_day":
        places = match_name(units, text)
        last = max((d for d in areas["until"].iloc[places] if not pd.isna(d)), default=pd.NaT)
        first = min((d for d in areas["since"].iloc[places] if not pd.isna(d)), default=pd.NaT)
        rule, term = ("unit_ended", {"until": last}) if last < on else ("unit_not_yet", {"since": first})
        code, name = units.code[places[0]], areas["name"].iloc[places[0]]
        return Finding(rule, file, int(row), column, value=code, name=name, details={"day": on, **term})
    close = nearest_choice(normalise_name(expand_abbreviations(text)), list(units.by_name)) or nearest_choice(
        normalise_name(strip_unit_word(expand_abbreviations(text))), list(units.by_name)
    )
    near = [f"{units.code[i]} {areas['name'].iloc[i]}" for i in units.by_name.get(close, [])]
    hint = "; ".join(dict.fromkeys(near)) or nearest_choice(text, areas["code"]) or Term("expect.nothing")
    rule = rule if rule == "not_within" else "unknown_area"
    return Finding(rule, file, int(row), column, value=text, expected=hint)
