"""Match the names of units in rows to codes, by the day of the row and the places that the input names.

People write «Xã Kiên Lao», «KIÊN LAO», «Kien Lao» or «x. Kiên Lao». A name is looked up in the input's own table
``areas``, then among all units of the country: in the province or district that the row, the titles, the names of sheet
and file or the other rows tell. A name that still fits two units is reported, not guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, reduce

import numpy as np
import pandas as pd

from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.country import country
from bhyt_analysis.domain.dataset import days_of_rows
from bhyt_analysis.domain.findings import Finding, TableRow, Term
from bhyt_analysis.domain.geography import CODE_LENGTHS, MEMBER_MARK, Geography, Unit
from bhyt_analysis.i18n.messages import nearest_choice
from bhyt_analysis.i18n.unit_names import normalise_name, strip_footnote, strip_unit_word, unit_word

# The tables whose rows name a unit that must exist on their own day.
FIGURES = frozenset(("population", "cards", "flows", "expiring", "losses", "zones"))
NO_NAMES = frozenset(("", "each"))

Findings = list[Finding]
Tables = dict[str, pd.DataFrame]  # by name
Titles = dict[str, tuple[str, ...]]  # the texts above each sheet, by its label


_CODE_FIRST = re.compile(r"(?P<code>\d{2,5})\s*[-–—:._]?\s*(?P<name>[^\W\d].*)")
_CODE_LAST = re.compile(r"(?P<name>[^\W\d].*?)\s*[-–—:_]\s*(?P<code>\d{2,5})")
_CODE_CHAIN = re.compile(r"(\d{2})[._/-](?:\d{3}[._/-])?(\d{5})")


@dataclass(frozen=True)
class KnownUnits:
    """The units that names can mean: the first ``own`` ones are the input's, the others those of the country."""

    geography: Geography
    own: int
    _uppers: dict[int, frozenset[Unit]] = field(default_factory=dict)
    matches: dict[tuple[object, ...], _Match] = field(default_factory=dict)  # by question: tables ask the same ones
    nearest: dict[tuple[object, ...], str | Term] = field(default_factory=dict)  # by question, as messages name them

    def candidates(self, text: str) -> list[Unit]:
        """Return the units that a text can mean, on any day: the input's own, else those of the country."""
        units = self._bearers(text) or self._misspelt(text) or self.geography.bearers_by_spelling(strip_footnote(text))
        return [u for u in units if u.id < self.own] or units

    def _bearers(self, text: str) -> list[Unit]:
        return self.geography.bearers(text) or self.geography.bearers(strip_footnote(text)) or self._coded(text)

    def _coded(self, text: str) -> list[Unit]:
        """Return the units of a code beside their name, «02683 - Xã Bát Xát», or after those above it: «15.02683»."""
        if chain := _CODE_CHAIN.fullmatch(text):
            upper, code = chain.groups()
            above = {*self.geography.units_with_code(upper)}
            return [u for u in self.geography.units_with_code(code) if above & self.uppers(u)]
        if parts := _CODE_FIRST.fullmatch(text) or _CODE_LAST.fullmatch(text):
            bearers = self.candidates(parts["name"])
            return [u for u in self.numbered(parts["code"]) if u in bearers]
        return []

    def is_respelt(self, text: str) -> bool:
        """Return whether a text is a name in another spelling than that of its units."""
        return not self._bearers(text) and bool(self.candidates(text))

    def numbered(self, text: str) -> list[Unit]:
        """Return the units whose code a number can be, as it is or without its leading zeros, which Excel drops."""
        codes = dict.fromkeys((text, *(text.zfill(n) for n in CODE_LENGTHS)))
        units = [u for code in codes for u in self.geography.units_with_code(code)]
        return [u for u in units if u.id < self.own] or units

    def _misspelt(self, text: str) -> list[Unit]:
        """Return the units of the country that the bundled plans write in another way."""
        if len(self.geography.units) == self.own:
            return []
        spelt = ((u, self.geography.units_with_code(u.code)) for u in _spellings_of_plans().bearers(text))
        return [u for other, units in spelt for u in units if u.overlaps(other)]

    def uppers(self, unit: Unit) -> frozenset[Unit]:
        """Return the units above one, but the country, and the provinces that those became."""
        if unit.id not in self._uppers:
            above = [u for u in self.geography.parents(unit) if u.kind != "country"]
            later = [new for u in above if u.kind == "province" for new, _ in self.geography.successors(u)]
            self._uppers[unit.id] = frozenset([*above, *later])  # also where a unit lies within itself
            self._uppers[unit.id] |= frozenset[Unit]().union(*map(self.uppers, above))
        return self._uppers[unit.id]


@lru_cache(maxsize=1)
def _spellings_of_plans() -> Geography:
    """Return the units of the bundled plans, some of which spell names in their own way."""
    areas = pd.read_csv(bundled_path("data") / "areas.csv", dtype="str", keep_default_na=False, encoding="utf-8")
    return Geography(areas.assign(**{day: pd.to_datetime(areas[day]) for day in ("since", "until")}))


def resolve_areas(tables: Tables, titles: Titles, findings: Findings, headings: dict[str, str] | None = None) -> Tables:
    """Return the tables with codes for the names of units, and with the units of the country that they name.

    ``headings`` are those of the columns of units, by the label of the sheet. The country is read only if the input's
    own table ``areas`` lacks a unit that is named.
    """
    own = tables["areas"]
    rows = {name: table for name, table in tables.items() if "area" in table and len(table)}
    codes = NO_NAMES | set(own["code"])
    all_known = all("_name" not in t and t["area"].isin(codes).all() for t in rows.values())
    if all_known and len(own) and own["parent"].isin(codes).all() and not (own["communes"] != "").any():
        return tables
    units = KnownUnits(Geography(own, tables["successors"]), len(own))
    if not all(units.candidates(name) for name in _all_names(own, rows) - NO_NAMES):
        units = _with_country(own)
    own, members = _resolve_members(own, units, findings)
    sheets = {name: _Sheets(units, name, table, titles, headings or {}) for name, table in rows.items()}
    workbook = _Context.from_rows(units, "", [group for s in sheets.values() for group in s.all_groups()])
    for name in rows:
        tables = tables | {name: sheets[name].with_codes(workbook, findings)}
        findings += _check_names(name, tables[name], sheets[name].has_code | sheets[name].is_number, units)
    return _with_named_units(tables | {"areas": own}, units, members)


def _all_names(own: pd.DataFrame, rows: Tables) -> set[str]:
    """Return all texts that name units."""
    columns = [own["parent"], *(t[c] for t in rows.values() for c in ("area", "of") if c in t)]
    names = {text for column in columns for text in pd.unique(column)}
    return names.union(*map(_member_names, pd.unique(own["communes"])))


def _with_country(own: pd.DataFrame) -> KnownUnits:
    """Return the input's own units and those of the country under other codes."""
    if own.empty:
        return KnownUnits(country().geography, 0)
    others = country().units[~country().units["code"].isin(own["code"])]
    return KnownUnits(Geography(pd.concat([own, others], ignore_index=True), country().successors), len(own))


# --- The input's own table of units ---


def on_day_or_last(units: list[Unit], day: pd.Timestamp) -> list[Unit]:
    """Return the units that exist on a day (without one, today), else the last ones that did."""
    existing = [] if pd.isna(day) else [u for u in units if u.exists_on(day.toordinal())]
    last = max((u.last for u in units), default=0)  # of one that has not ended it is beyond all days
    return existing or [u for u in units if u.last == last]


def _member_names(text: str) -> list[str]:
    return [name.strip() for name in re.split(r"[;,\n]", text) if name.strip()]


def _resolve_members(own: pd.DataFrame, units: KnownUnits, findings: Findings) -> tuple[pd.DataFrame, list[Unit]]:
    """Return the input's units with codes for the names of the communes of each own area, and those communes."""
    every: list[Unit] = []
    for row in own[own["communes"] != ""].itertuples():
        names = _member_names(row.communes)
        groups = [[u for u in units.candidates(n) if u.kind == "commune"] for n in names]
        groups = [on_day_or_last(group, row.until) for group in groups]
        above = frozenset(units.geography.units_with_code(row.parent)) if row.parent else frozenset()
        context = _Context.from_rows(units, row.name, groups)
        context = replace(context, places=above or context.places)
        groups = [context.narrow(group, units) for group in groups]
        for name, group in zip(names, groups, strict=True):
            if len({u.code for u in group}) != 1:
                finding = several_units(units, row, "communes", name, group) if group else None
                findings.append(finding or unknown_unit(units, row, "communes", name, context.places))
            elif units.is_respelt(name):
                findings.append(_respelt(units, row, "communes", name, group[0]))
        options = [group[0] for group in groups if group]
        parents = {u.parent_code for u in options}
        parent = parents.pop() if not row.parent and len(parents) == 1 else row.parent
        own = own.assign(
            communes=own["communes"].where(own.index != row.Index, MEMBER_MARK.join(u.code for u in options)),
            parent=own["parent"].where(own.index != row.Index, parent),
        )
        every += options
    return own, every


# --- Names in rows ---


@dataclass(frozen=True)
class _Match:
    """The units that a text can mean; if there is none, the rule that it breaks, and the nearest units."""

    units: list[Unit]
    rule: str = "unknown_area"
    nearest: Sequence[Unit] = ()
    respelt: bool = False  # the name has another spelling than that of the units
    numbered: bool = False  # the text is a number that has lost its zeros
    other_word: bool = False  # the word before the name is not that of the units

    @cached_property
    def code(self) -> str | None:
        """Return the code of the only unit."""
        codes = {u.code for u in self.units}
        return codes.pop() if len(codes) == 1 else None


@dataclass(frozen=True)
class _Context:
    """What a sheet tells of its units: texts above it, the places that all of them are in, and their only kind."""

    text: str
    places: frozenset[Unit]
    kind: str | None

    @classmethod
    def from_rows(cls, units: KnownUnits, text: str, groups: list[list[Unit]]) -> _Context:
        """Return the context of rows that can mean some units each; rows of one unit go before others."""
        certain = [group for group in groups if len({u.code for u in group}) == 1]
        inside = [group for group in certain or groups if group and group[0].kind != "country"]
        places = [frozenset(v for u in group for v in _places(units, u)) for group in inside]
        kinds = {group[0].kind for group in certain}
        words = " ".join(re.findall(r"\w+", normalise_name(text).replace("_", " ")))
        common = reduce(frozenset.intersection, places) if places else frozenset()
        return cls(f" {words} ", common, kinds.pop() if len(kinds) == 1 else None)

    def names(self, unit: Unit, units: KnownUnits, key: Callable[[str], str]) -> int:
        """Return how many units above one, also above those from which it came, the text names."""
        origins = (v for old, _ in units.geography.predecessors(unit) for v in units.uppers(old))
        keys = {key(u.name) for u in (*units.uppers(unit), *origins)}
        return sum(f" {k} " in self.text for k in keys if not k.isdigit())

    def narrow(self, options: list[Unit], units: KnownUnits, numbered: bool = False) -> list[Unit]:
        """Return those of several units that are in the places of the text, else of the rows.

        A number that can be the code of units of several levels is in the places of the rows, or is not decided.
        """
        tests: tuple[Callable[[Unit], int], ...] = (
            lambda u: self.names(u, units, normalise_name),
            lambda u: self.names(u, units, _bare_key),
            lambda u: bool(_places(units, u) & self.places) if numbered else len(units.uppers(u) & self.places),
            lambda u: u.kind == self.kind,
        )
        if numbered and self.places and not any(_places(units, u) & self.places for u in options):
            return options
        for test in tests:
            if len({u.code for u in options}) < 2:
                break
            scores = [test(u) for u in options]
            options = [u for u, score in zip(options, scores, strict=True) if score == max(scores)]
        return options


def _places(units: KnownUnits, unit: Unit) -> frozenset[Unit]:
    """Return the units above one, and itself if it is no commune."""
    return units.uppers(unit) | (frozenset() if unit.kind in ("commune", "country") else {unit})


@lru_cache(maxsize=65536)
def _bare_key(name: str) -> str:
    return normalise_name(strip_unit_word(name))


def _within(table: pd.DataFrame) -> pd.Series | str:
    """Return the units above that each row names: «huyện, tỉnh»."""
    columns = [table[c] for c in ("_within", "_province") if c in table]
    return columns[0].str.cat(columns[1:], ",") if columns else ""


_ENOUGH = 3  # units of one province, for a sheet to be about it


def _common(units: KnownUnits, group: list[Unit]) -> frozenset[Unit]:
    """Return the places that all units of a group are in, and what they became."""
    return reduce(frozenset.intersection, [units.uppers(u) for u in group]) if group else frozenset()


class _Sheets:
    """The rows of one table, and what each distinct text in them can mean."""

    def __init__(
        self, units: KnownUnits, name: str, table: pd.DataFrame, titles: Titles, headings: dict[str, str]
    ) -> None:
        self.units, self.table = units, table
        codes = {*units.geography.codes, *NO_NAMES}
        self.is_number = table["area"].str.fullmatch(SHORT_NUMBER).to_numpy(dtype=bool)
        lost_zeros = table["file"].isin(_files_without_zeros(table, codes)).to_numpy() & self.is_number
        self.has_code = table["area"].isin(codes).to_numpy() & ~lost_zeros
        day = days_of_rows(name, table)
        levels = {f: _level(h) for f, h in headings.items()}
        level = pd.Series([levels.get(f, "") for f in table["file"]], index=table.index, dtype="str")
        name_beside = table["_name"].where(lost_zeros, "") if "_name" in table else ""
        queried = table.assign(
            within=_within(table), day=day, name_beside=name_beside, level=level.where(lost_zeros, "")
        )
        rows = queried[~self.has_code]
        keys = ["area", "within", "day", "name_beside", "level"]
        self.rows = rows.assign(number=rows.groupby(["file", *keys], dropna=False).ngroup())
        self.queries = self.rows.drop_duplicates("number").sort_values("number")  # one for each distinct question
        queries = self.queries[keys].itertuples(index=False, name=None)
        self.matches = [_known_match(units, (*q, name in FIGURES)) for q in queries]
        coded = table.loc[self.has_code & ~table["area"].isin(NO_NAMES), ["file", "area"]].drop_duplicates()
        self.groups: dict[str, list[list[Unit]]] = {}
        self.coded = [units.geography.units_with_code(code) for code in coded["area"]]
        for file, group in zip(coded["file"], self.coded, strict=True):
            self.groups.setdefault(file, []).append(group)
        for file, match in zip(self.queries["file"], self.matches, strict=True):
            self.groups.setdefault(file, []).append(match.units)
        files = self.groups.items()
        self.contexts = {f: _Context.from_rows(units, " ".join((*titles.get(f, ()), f)), g) for f, g in files}

    def all_groups(self) -> Iterator[list[Unit]]:
        """Yield for each distinct text the units that it can mean in its sheet."""
        yield from self.coded
        yield from (match.units for match in self._matches_in_sheets())

    def _matches_in_sheets(self) -> Iterator[_Match]:
        """Yield what each distinct text can mean in its sheet."""
        for file, match in zip(self.queries["file"], self.matches, strict=True):
            yield replace(match, units=self.contexts[file].narrow(match.units, self.units, match.numbered))

    def with_codes(self, workbook: _Context, findings: Findings) -> pd.DataFrame:
        """Return the table with codes for texts; one that fits no unit, or several, becomes a finding."""
        table = self.table
        if "of" in table:
            table = table.assign(of=table["of"].map(lambda text: self._upper_code(text, workbook)))
        if self.has_code.all():
            return table
        matches = [
            replace(match, units=workbook.narrow(match.units, self.units, match.numbered))
            for match in self._matches_in_sheets()
        ]
        strange = self._files_without_units(findings)
        unclear = self.rows[[matches[i].code is None for i in self.rows["number"]]]
        unclear = unclear[~unclear["file"].isin(strange)]
        powers = unclear["area"].str.fullmatch(_EXPONENT).to_numpy(dtype=bool)
        findings += _exponents(unclear[powers])
        unclear = unclear[~powers]
        for row in unclear.drop_duplicates(["file", "row"]).itertuples():  # once for all groups of a row
            places = self.contexts[row.file].places or workbook.places
            findings.append(_unresolved(self.units, row, matches[row.number], places))
        findings += _lost_zeros(self.queries, matches)
        findings += self._respelt_names(matches)
        findings += self._other_words(matches)
        findings += self._names_of_other_provinces(matches)
        codes = [m.code or a for m, a in zip(matches, self.queries["area"], strict=True)]
        area = table["area"].to_numpy(dtype=object, copy=True)
        area[~self.has_code] = np.array(codes, dtype=object)[self.rows["number"]]
        return table.assign(area=pd.array(area, dtype="str"))

    def _files_without_units(self, findings: Findings) -> set[str]:
        """Return the sheets none of whose many names is one of a unit; each is one finding."""
        files = set()
        for file, queries in self.queries.assign(match=self.matches).groupby("file", sort=False):
            if queries["area"].str.fullmatch(_EXPONENT).any():
                continue
            nothing = [m.rule == "unknown_area" and not m.units for m in queries["match"]]
            many = queries["area"].nunique() > _FEW or (
                not self.units.own and queries["area"].str.fullmatch(_CODE).all()
            )
            if many and all(nothing) and not self.has_code[self.table["file"] == file].any():
                row = next(queries.itertuples())
                parts = {"value": row.area, "count": int(queries["area"].nunique())}
                findings.append(Finding.in_row("no_unit_recognised", row, "area", **parts))
                files.add(str(file))
        return files

    def _respelt_names(self, matches: list[_Match]) -> Iterator[Finding]:
        """Yield the first name of each sheet that has another spelling than its unit, with the count of all."""
        queries = self.queries.assign(match=matches)
        respelt = queries[[m.respelt and m.code is not None for m in matches]]
        for _, same in respelt.groupby("file", sort=False):
            row = next(same.itertuples())
            finding = _respelt(self.units, row, "area", row.area, row.match.units[0])
            yield replace(finding, count=int(same["area"].nunique()))

    def _other_words(self, matches: list[_Match]) -> Iterator[Finding]:
        """Yield the first name of each sheet whose word for the kind is not that of its unit, with the count of all."""
        queries = self.queries.assign(match=matches)
        others = queries[[m.other_word and m.code is not None for m in matches]]
        for _, same in others.groupby("file", sort=False):
            row = next(same.itertuples())
            expected = self.units.geography.described(row.match.units[0])
            parts = {"value": row.area, "expected": expected, "count": int(same["area"].nunique())}
            yield Finding.in_row("kind_differs", row, "area", **parts)

    def _names_of_other_provinces(self, matches: list[_Match]) -> Iterator[Finding]:
        """Yield the only name of a sheet that is found in another province than all others."""
        for file, groups in self.groups.items():
            places = Counter(p for g in groups for p in _common(self.units, g) if p.kind == "province")
            province, count = next(iter(places.most_common(1)), (None, 0))
            here = (self.queries["file"] == file).to_numpy()
            others = [
                (row, m.units[0])
                for row, m in zip(self.queries[here].itertuples(), np.array(matches, dtype=object)[here], strict=True)
                if m.code and m.units[0].kind == "commune" and province not in self.units.uppers(m.units[0])
            ]
            if province is not None and count >= _ENOUGH and len({row.area for row, _ in others}) == 1:
                row, unit = others[0]
                parts = {"value": row.area, "expected": self.units.geography.described(unit), "name": province.name}
                yield Finding.in_row("unit_elsewhere", row, "area", **parts)

    def _upper_code(self, text: str, workbook: _Context) -> str:
        """Return the code of the unit of whose units each has a target; the text itself if that is not clear."""
        options = [u for u in self.units.candidates(text) if u.kind != "commune"] if text else []
        options = workbook.narrow(on_day_or_last(options, pd.NaT), self.units)
        return options[0].code if len({u.code for u in options}) == 1 else text


_FEW = 3  # names that are reported one by one, though none of their sheet is one of a unit
_CODE = r"\S*\d\S*"  # a text that looks like a code
_EXPONENT = r"\d+(?:[.,]\d+)?[eE]\+?\d+"  # that a spreadsheet makes of a long code
SHORT_NUMBER = r"[1-9]\d{0,3}"  # that may be a code without its zeros
_PLACES = re.compile(  # between a name and the units above it
    r"\s*[,;(]\s*|\s+[-–—]\s+(?=(?:h\.|huyện|tx\.|thị xã|tp\.|thành phố|quận|t\.|tỉnh)\s)|\s+(?=(?:tỉnh|huyện)\s)",
    re.IGNORECASE,
)
_LEVEL_WORDS = {
    "commune": r"\b(xa|phuong|thi tran|px)\b",
    "district": r"\b(huyen|quan|qh)\b",
    "province": r"\b(tinh)\b",
}


def _level(heading: str) -> str:
    """Return the only level of units that the heading of their column names, or ""."""
    text = normalise_name(heading)
    levels = [kind for kind, words in _LEVEL_WORDS.items() if re.search(words, text)]
    return levels[0] if len(levels) == 1 else ""


def _files_without_zeros(table: pd.DataFrame, codes: Collection[str]) -> list[str]:
    """Return the sheets with a number that is a code only by leading zeros, and with no code that has kept them."""
    texts = table[["file", "area"]].drop_duplicates()
    texts = texts[texts["area"].str.fullmatch(r"\d{1,5}").to_numpy(dtype=bool)]
    lost = [a[0] != "0" and a not in codes and any(a.zfill(n) in codes for n in CODE_LENGTHS) for a in texts["area"]]
    kept = texts.loc[texts["area"].str.startswith("0"), "file"]
    return [f for f in texts.loc[lost, "file"].unique() if f not in set(kept)]


def _known_match(units: KnownUnits, question: tuple[str, str, pd.Timestamp, str, str, bool]) -> _Match:
    if question not in units.matches:
        units.matches[question] = _match_unit(units, *question)
    return units.matches[question]


def _options(units: KnownUnits, text: str, name_beside: str, level: str) -> list[Unit]:
    """Return the units that a text can mean; of a number without zeros those of the level and the name of its row."""
    if not re.fullmatch(SHORT_NUMBER, text):
        return units.candidates(text)
    options = units.numbered(text)
    bearers = set(units.candidates(name_beside)) if name_beside else set[Unit]()
    for chosen in ([u for u in options if u.kind == level], [u for u in options if u in bearers]):
        options = [u for u in options if u in chosen] or options
    return options


def _match_unit(
    units: KnownUnits, text: str, within: str, day: pd.Timestamp, name_beside: str, level: str, has_figures: bool
) -> _Match:
    """Return the units that a text can mean on a day, in units above («huyện, tỉnh», by names or codes, or "")."""
    plain = strip_footnote(text)
    name, *places = [plain] if units.candidates(plain) else _PLACES.split(plain.rstrip(") "))
    options = _options(units, name.strip(), name_beside, level)
    for place in (p.strip() for p in (*places, *within.split(",")) if p.strip()):
        upper = set(units.candidates(place))
        if any(u.kind == "country" for u in upper):
            continue
        on_day = upper if pd.isna(day) else {u for u in upper if u.exists_on(day.toordinal())}
        insides = ([u for u in options if uppers & units.uppers(u)] for uppers in (on_day, upper))
        inside = next(filter(None, insides), None) or [u for u in options if u in upper]
        if options and not inside:
            return _Match([], "not_within", options)
        options = inside
    if not options:
        return _Match([])
    match = _on_day(units, options, day, has_figures)
    word = unit_word(name)
    other_word = bool(word) and bool(match.units) and all(unit_word(u.name) != word for u in match.units)
    respelt = units.is_respelt(name.strip())
    return replace(match, respelt=respelt, numbered=name.strip().isdigit(), other_word=other_word)


def _on_day(units: KnownUnits, options: list[Unit], day: pd.Timestamp, has_figures: bool) -> _Match:
    """Return those of some units that a row of a day can be about."""
    if not has_figures:  # a target of a later day may be that of a unit of before
        on = None if pd.isna(day) else day.toordinal()
        existing = [u for u in options if on is not None and u.exists_on(on)]
        same_kind = len({u.kind for u in options}) == 1
        return _Match(existing or (on_day_or_last(options, pd.NaT) if same_kind else options))
    if pd.isna(day):
        return _Match(options)
    existing = [u for u in options if u.exists_on(day.toordinal())] or _with_other_word(units, options, day)
    return _Match(existing) if existing else _Match([], "not_on_day", options)


def _with_other_word(units: KnownUnits, options: list[Unit], day: pd.Timestamp) -> list[Unit]:
    """Return the units of a day that were others only by the word for their kind: a commune that became a ward.

    One that others joined, as the communes of July 2025, is not the same unit: its figures are not those of before.
    """
    same_code = ((u, v) for u in options for v in units.geography.units_with_code(u.code))
    others = [(u, v) for u, v in same_code if v.exists_on(day.toordinal()) and _bare_key(u.name) == _bare_key(v.name)]
    return [v for u, v in others if _is_renamed(units.geography, u, v)]


def _is_renamed(geography: Geography, one: Unit, other: Unit) -> bool:
    """Return whether one of two units became the other alone, and no other unit did."""
    old, new = (one, other) if one.last < other.first else (other, one)
    while old != new:
        steps = [after for after, _ in geography.successors(old)]
        if len(steps) != 1 or len(geography.predecessors(steps[0])) != 1:
            return False
        old = steps[0]
    return True


def _check_names(name: str, table: pd.DataFrame, has_code: np.ndarray, units: KnownUnits) -> Findings:
    """Return a finding for each row whose code is that of another unit than its name."""
    if "_name" not in table:
        return []
    geography = units.geography
    rows = table.assign(day=days_of_rows(name, table))[has_code]
    rows = rows[rows["area"].isin(geography.codes) & (rows["_name"] != "")].drop_duplicates(["file", "row"])
    findings = []
    for (code, text, day), same in rows.groupby(["area", "_name", "day"], sort=False, dropna=False):
        unit, namesakes = geography.unit_at(code, None if pd.isna(day) else day), units.candidates(text)
        if namesakes and (unit not in namesakes if not pd.isna(day) else code not in {u.code for u in namesakes}):
            parts = {"value": code, "expected": geography.described(unit), "name": text}
            findings += [Finding.in_row("code_not_name", row, "area", **parts) for row in same.itertuples()]
    return findings


# --- Findings ---


def _lost_zeros(queries: pd.DataFrame, matches: list[_Match]) -> Findings:
    """Return one finding for each sheet whose codes have lost their zeros, as Excel drops them."""
    findings: dict[str, Finding] = {}
    for row, match in sorted(zip(queries.itertuples(), matches, strict=True), key=lambda pair: pair[0].row):
        if str(row.area).isdigit() and match.code:
            finding = Finding.in_row("lost_zeros", row, "area", value=row.area, expected=match.code)
            findings.setdefault(str(row.file), finding)
    return list(findings.values())


def _exponents(rows: pd.DataFrame) -> Iterator[Finding]:
    """Yield the first code of each sheet that is written with an exponent, with the count of all."""
    for _, same in rows.groupby("file", sort=False):
        row = next(same.itertuples())
        yield Finding.in_row("exponent_number", row, "area", value=row.area, count=int(same["row"].nunique()))


def _unresolved(units: KnownUnits, row: TableRow, match: _Match, places: frozenset[Unit]) -> Finding:
    """Return the finding about a text that fits no unit, or several."""
    if match.units:
        return several_units(units, row, "area", row.area, match.units)
    if match.rule == "not_on_day":
        day = row.day.toordinal()
        inside = [u for u in match.nearest if units.uppers(u) & places] or match.nearest
        unit = min(inside, key=lambda u: max(u.first - day, day - u.last))
        rule, term = (
            ("unit_ended", {"until": unit.until}) if unit.last < day else ("unit_not_yet", {"since": unit.since})
        )
        return Finding.in_row(rule, row, "area", value=unit.code, name=unit.name, day=row.day, **term)
    if match.rule == "not_within":
        nearest = [u for u in match.nearest if pd.isna(row.day) or u.exists_on(row.day.toordinal())] or match.nearest
        hint = _listed(dict.fromkeys(units.geography.described(u) for u in nearest))
        return Finding.in_row("not_within", row, "area", value=row.area, expected=hint)
    return unknown_unit(units, row, "area", row.area, places)


_SHOWN = 8  # choices in a message


def _listed(choices: Iterable[str]) -> str:
    texts = list(choices)
    return "; ".join([*texts[:_SHOWN], *["…"] * (len(texts) > _SHOWN)])


def several_units(units: KnownUnits, row: TableRow, column: str, text: str, options: Iterable[Unit]) -> Finding:
    """Return the finding about a text that fits several units."""
    day = getattr(row, "day", None)
    choices = sorted({units.geography.described(u, day) for u in options})
    return Finding.in_row("ambiguous_area", row, column, value=text, expected=_listed(choices))


def _respelt(units: KnownUnits, row: TableRow, column: str, text: str, unit: Unit) -> Finding:
    """Return the finding about a name in another spelling than that of its unit."""
    return Finding.in_row("name_respelt", row, column, value=text, expected=units.geography.described(unit), count=1)


def unknown_unit(units: KnownUnits, row: TableRow, column: str, text: str, places: frozenset[Unit]) -> Finding:
    """Return the finding about a text that names no unit, with the nearest names of the same places or of all."""
    geography, day = units.geography, getattr(row, "day", pd.NaT)
    question = (text, places, day, column == "parent")
    if question not in units.nearest:
        own = [geography.units[i] for i in range(units.own)]
        name = _PLACES.split(strip_footnote(text))[0]
        inside = {u for place in places for u in geography.inside(place)} | set(own)
        code = nearest_choice(text, [u.code for u in own])
        near = geography.similar(name, inside) or ([] if code or re.fullmatch(_CODE, name) else geography.similar(name))
        near = on_day_or_last([u for u in near if column != "parent" or u.kind != "commune"], day)
        hint = _listed(dict.fromkeys(geography.described(u) for u in near))
        units.nearest[question] = hint or code or Term("expect.nothing")
    return Finding.in_row("unknown_area", row, column, value=text, expected=units.nearest[question])


# --- The units that the input is about ---


def _with_named_units(tables: Tables, units: KnownUnits, members: list[Unit]) -> Tables:
    """Return the tables with the units of the country that they name, those above them, and the successors of all.

    Without units of the input's own, all communes of the same province or former district are among them, so that a
    sum can say of how many it is; units that have ended have the ones that they became.
    """
    geography, own = units.geography, tables["areas"]
    if len(geography.units) == units.own:
        return tables | {"areas": own}
    subjects = {u for u in _named_units(tables, geography) if u.id >= units.own} | set(members)
    if (own["kind"] == "area").all():
        subjects |= {u for unit in subjects if unit.kind == "commune" for u in geography.parents(unit)}
    selection = {u for unit in subjects for u in (geography.inside(unit) if unit.kind != "country" else (unit,))}
    selection |= {new for unit in selection if unit.until is not None for new in geography.descendants(unit)}
    own_units = [geography.units[i] for i in range(units.own)]
    selection |= {u for unit in own_units if (u := geography.parent(unit)) is not None}
    selection |= geography.all_above(selection)
    others = sorted((u for u in selection if u.id >= units.own), key=lambda u: u.id)
    incomplete = np.array([not selection.issuperset(geography.children(u)) for u in others], dtype=bool)
    rows = geography.areas.iloc[[u.id for u in others]].drop(columns="unit_id", errors="ignore")
    rows = rows.assign(listed=rows["listed"].mask(incomplete, "some"))
    areas = pd.concat([own, rows], ignore_index=True) if len(own) else rows.reset_index(drop=True)
    if len(tables["successors"]):
        return tables | {"areas": areas}
    steps = geography.rows_of_steps(selection, selection)
    return tables | {"areas": areas, "successors": steps.reset_index(drop=True)}


def _named_units(tables: Tables, geography: Geography) -> Iterator[Unit]:
    """Yield the units that bear the codes of all rows on their days."""
    for name, table in tables.items():
        if "area" in table:
            rows = table[["area"]].assign(day=days_of_rows(name, table)).drop_duplicates()
            ids = geography.unit_ids(rows["area"], rows["day"].tolist())
            yield from (geography.units[i] for i in set(ids.tolist()) if i in geography.units)
        for code in pd.unique(table["of"]) if "of" in table else ():
            yield from geography.units_with_code(code)[-1:]
