"""Write the paths of take-up by month: of the groups that pay, and of the pools of those who lost a card."""

from __future__ import annotations

from dataclasses import dataclass, field

from bhyt_analysis.documents.calculation.book import Book
from bhyt_analysis.documents.calculation.cells import (
    Operand,
    Term,
    all_of,
    any_of,
    largest,
    least,
    number_or_zero,
    opposite,
    term,
    total,
    when,
)
from bhyt_analysis.documents.calculation.inputs import Inputs
from bhyt_analysis.documents.calculation.law_sheet import SetLaw, group_share
from bhyt_analysis.documents.calculation.month_sheet import Column, MonthSheet

STUDENT = "student"
CARD_MONTHS = 12


@dataclass
class Paths:
    """The paths by month: ``targets`` and ``levels`` of the groups that respond, and of each class its pools."""

    targets: dict[str, Column] = field(default_factory=dict)
    levels: dict[str, Column] = field(default_factory=dict)
    classes: list[PoolPaths] = field(default_factory=list)
    ends: dict[str, PoolPaths] = field(default_factory=dict)  # of groups whose support can end


@dataclass
class PoolPaths:
    """The pools of a class of exits: the share of each with a card, and the number of its group, by month."""

    levels: list[Column]
    groups: list[Column]


@dataclass
class _Pool:
    """The columns of a pool with a support: its share of the premium, whether it is supported, and its group."""

    share: Column
    group: Column
    supported: dict[int, Term]
    has_card: dict[int, Term]


@dataclass
class _Exit:
    """An exit: from which month its people are followed, and from which they have no card of the State."""

    start: int
    key: str  # of the group before
    title: str
    support: str
    end: Term | None = None  # the month in which a support ends, where that depends on what was set


class PathWriter:
    """Write the paths of an area on their sheet."""

    def __init__(self, book: Book, inputs: Inputs, law: SetLaw) -> None:
        self.book, self.inputs, self.law = book, inputs, law
        sheet = book.sheets["paths"]
        assert isinstance(sheet, MonthSheet)
        self.sheet, self.paths, self.last = sheet, Paths(), book.months[-1]

    def write(self) -> Paths:
        """Write all paths."""
        book, exits, sheet = self.book, self.book.model["exits"], self.sheet
        keys = book.model["behaviour"]["responsive"]
        sheet.block(book.word("block_paths"))
        summary = {key: self._start_summary(key) for key in keys}
        sheet.end_of_print()
        for key in keys:
            shares = self._write_group(key)
            for column, own in zip(
                summary[key], (shares, self.paths.targets[key], self.paths.levels[key]), strict=True
            ):
                for t in range(book.first, self.last + 1):
                    column.put(t, own[t])
        for number, one in enumerate(exits["classes"]):
            exit_ = _Exit(one["month"], book.model["pools"]["area"], book.class_title(number), exits["support"])
            self.paths.classes.append(self._write_pools(exit_))
        for key in book.supported:
            self.paths.ends[key] = self._write_pools(self._support_end(key))
        return self.paths

    # --- Groups

    def _start_summary(self, key: str) -> list[Column]:
        """Place the columns of a group that are printed; they are filled in when its path is there."""
        heads = ("summary_paid", "summary_target", "summary_level")
        return self.sheet.columns([self.book.word(head, group=self.book.group(key)) for head in heads], "p1")

    def _write_group(self, key: str) -> Column:
        """Write the path of a group; returns what is paid of its premium."""
        book, sheet, first = self.book, self.sheet, self.book.first
        sheet.block(book.word("block_take_up", group=book.group(key)))
        column = sheet.column(book.word("share_paid"), "p1")
        for t in book.months:
            share = group_share(book, self.law.local, key, t)
            column.put(t, number_or_zero(share) if share is not None else 0.0)
        self.paths.targets[key] = self._target(key, column, 0)
        start = self.paths.targets[key][first]
        self.paths.levels[key] = self._follow(self.paths.targets[key], first, start, key, lapses=False)
        return column

    def _target(self, key: str, shares: Column, first: int) -> Column:
        """Write the take-up to which people tend at what they pay themselves."""
        book, sheet, own = self.book, self.sheet, self.inputs.behaviour
        observed, at_share = self.inputs.take_ups[key], self.inputs.at_shares[key]
        change = sheet.column(book.word("price_change"), "x")
        price = sheet.column(book.word("take_up_at_price"), "p2")
        target = sheet.column(book.word("take_up_target"), "p2")
        odds, top = self.inputs.periods["odds"], largest(own["highest_take_up"], observed)
        for t in range(first, self.last + 1):
            middle = (2 - shares[t] - at_share) / 2
            elastic = own["price_elasticity"] * (at_share - shares[t]) / when(middle > 0, middle, 1)
            c = change.put(t, elastic)
            p = price.put(t, least(largest(observed * (1 + c / 2) / (1 - c / 2), 0), top))
            persuaded = p / (p + (1 - p) * odds[int(t > book.first)])
            target.put(t, when(p < 1, least(top, persuaded), 1))
        return target

    def _follow(self, target: Column, start: int, level: Operand, key: str, lapses: bool) -> Column:
        """Write how a share of people with a card follows its target; who leaves does so within a year."""
        book, sheet, own = self.book, self.sheet, self.inputs.behaviour
        headings = [book.word("planned"), book.word("excess"), book.word("staying")]
        planned, excess, staying = sheet.columns(headings, "x")
        leaving = sheet.columns([book.word("leaving", months=i) for i in range(CARD_MONTHS)], "x")
        levels = sheet.column(book.word("level"), "p2")
        levels.put(start, level)
        kept: Term | None = own["kept"] if lapses else None
        for t in range(start + 1, self.last + 1):
            before = levels[t - 1] * kept if kept else levels[t - 1]
            if t == start + 1:
                sum_before: Term = planned.put(t, 0)
            else:
                rest = total([column[t - 1] for column in leaving[1:]])
                sum_before = planned.put(t, rest * kept if kept else rest)
            excess_level = excess.put(t, before - sum_before - target[t])
            back = when(sum_before > 0, least(largest(-excess_level, 0), sum_before) / sum_before, 0)
            stay = staying.put(t, back)
            for i, column in enumerate(leaving):
                new = largest(excess_level, 0) / CARD_MONTHS
                if t > start + 1 and i + 1 < CARD_MONTHS:
                    old = leaving[i + 1][t - 1] * kept if kept else leaving[i + 1][t - 1]
                    new = old * (1 - stay) + new
                column.put(t, new)
            left = before - leaving[0][t]
            levels.put(t, left + self._rate(target, t, key) * largest(target[t] - left, 0))
        return levels

    def _rate(self, target: Column, t: int, key: str) -> Term:
        """Return the share of those still to join that joins in a month."""
        period = int(t > self.book.first)
        once, monthly = (self.inputs.periods[name][period] for name in ("at_once", "monthly"))
        rate = when(target[t] > target[t - 1], largest(once, monthly), monthly)
        if key == STUDENT and self.book.is_school_month(t):
            rate = largest(self.inputs.behaviour["school_step"], rate)
        return rate

    # --- Those who lost a card

    def _support_end(self, key: str) -> _Exit:
        """Write when the support of a group ends: the first month without it; after the last one where it does not."""
        book, sheet, first = self.book, self.sheet, self.book.first
        sheet.block(book.word("block_support", group=book.group(key)))
        has_ended = sheet.column(book.word("support_ended"), "code")
        for t in range(first, self.last + 1):
            share = group_share(book, self.law.local, key, t)
            is_paid = number_or_zero(share) > 0 if share is not None else term(0) > 0
            if t == first:
                has_ended.put(t, when(is_paid, 0, -1))  # -1: never had it, so that nothing ends
            else:
                now = when(all_of(has_ended[t - 1].equals(0), opposite(is_paid)), sheet.numbers[t], has_ended[t - 1])
                has_ended.put(t, now)
        end = sheet.column(book.word("support_end"), "code")
        last = end.put(first, when(has_ended[self.last] > 0, has_ended[self.last], len(book.months)))
        return _Exit(first, key, book.group(key), "", last)

    def _write_pools(self, one: _Exit) -> PoolPaths:
        pools = self.book.model["pools"]
        keys = list(dict.fromkeys(k for k in pools["entitlement"] if k != pools["employed"]))
        own = {key: self._own_level(one, key) for key in keys}
        support = self._support_share(one) if one.support else None
        cache: dict[tuple[str, bool, bool], tuple[Column, Column | None]] = {}
        pool_paths: list[tuple[Column | None, Column | None]] = []
        for i, key in enumerate(pools["entitlement"]):
            in_area = pools["minority_area"][i]
            has_support = bool(pools["minority"][i] and one.support)
            if one.end is None and not in_area and not has_support:
                pool_paths.append((own.get(key), None))
                continue
            kind = (key, in_area, has_support)
            if kind not in cache:
                cache[kind] = self._with_support(one, i, own.get(key), support if has_support else None)
            pool_paths.append(cache[kind])
        return self._pool_blocks(one, pool_paths)

    def _own_level(self, one: _Exit, key: str) -> Column:
        """Write the path of people of an entitlement without a support."""
        book, sheet = self.book, self.sheet
        sheet.block(book.word("block_own", title=one.title, group=book.group(key)))
        target = self.paths.targets[key]
        return self._follow(target, one.start, self._level_at_once(target, one.start, key), key, self._lapses(key))

    def _lapses(self, key: str) -> bool:
        pools = self.book.model["pools"]
        return bool(pools["self_paid"][pools["entitlement"].index(key)])

    def _level_at_once(self, target: Column, start: int, key: str) -> Term:
        """Return who has a card right after an exit."""
        once = self.inputs.periods["at_once"][int(start > self.book.first)]
        level = least(once, target[start])
        if key == STUDENT and self.book.is_school_month(start):
            level = largest(level, self.inputs.behaviour["school_step"] * target[start])
        return level

    def _support_share(self, one: _Exit) -> Column:
        """Write what the support after an exit pays, until its time is over."""
        book, sheet, spans = self.book, self.sheet, self.book.model["exits"]["support_months"]
        sheet.block(book.word("block_support", group=one.title))
        column = sheet.column(book.word("support_share", group=book.group(one.support)), "p1")
        local = self.law.local.get(one.support)
        for t in range(one.start, self.last + 1):
            is_over = spans is not None and t - one.start >= (spans[t] or 0)
            column.put(t, 0.0 if is_over or local is None else number_or_zero(local[t]))
        return column

    def _with_support(self, one: _Exit, i: int, own: Column | None, support: Column | None) -> tuple[Column, Column]:
        """Write the path of a pool that can have a support: while it has one, after it, and who then renews."""
        book, sheet, pools = self.book, self.sheet, self.book.model["pools"]
        key = pools["entitlement"][i]
        sheet.block(book.word("block_pool", title=one.title, pool=pool_name(book, i)))
        pool = self._pool_shares(one, i, support)
        level: Column | None = None
        if own is not None:
            target = self._target(key, pool.share, one.start)
            at_once = self._level_at_once(target, one.start, key)
            level = self._follow(target, one.start, at_once, key, self._lapses(key))
        return self._renewal(one, pool, (level, own), self._lapses(key) if own else False), pool.group

    def _pool_shares(self, one: _Exit, i: int, support: Column | None) -> _Pool:
        book, sheet, pools = self.book, self.sheet, self.book.model["pools"]
        key, local = pools["entitlement"][i], self.law.local
        share, group = sheet.column(book.word("share_paid"), "p1"), sheet.column(book.word("group_number"), "code")
        pool = _Pool(share, group, {}, {})
        area = local.get(pools["state_paid_share"]) if pools["minority_area"][i] else None
        for t in range(one.start, self.last + 1):
            own: Term = number_or_zero(local[key][t]) if key in local else term(0)
            value, code = own, term(book.code(key))
            supported, has_card = list[Term](), list[Term]()
            if support is not None:
                better = support[t] > own
                value, code = when(better, support[t], own), when(better, book.code(one.support), code)
                supported.append(better)
            if area is not None:
                paid = number_or_zero(area[t]) >= 1
                value, code = when(paid, 1, value), when(paid, book.code(pools["state_paid"]), code)
                supported.append(paid)
                has_card.append(paid)
            if one.end is not None:
                before = sheet.numbers[t] < one.end
                value, code = when(before, 1, value), when(before, book.code(one.key), code)
                supported.append(before)
                has_card.append(before)
            share.put(t, value)
            group.put(t, code)
            own_code = book.code(key)
            pool.supported[t] = opposite(group[t].equals(own_code)) if supported else term(0) > 0
            pool.has_card[t] = (any_of(*has_card) if len(has_card) > 1 else has_card[0]) if has_card else term(0) > 0
        return pool

    def _renewal(self, one: _Exit, pool: _Pool, levels: tuple[Column | None, Column | None], lapses: bool) -> Column:
        """Write who has a card: by the path with a support, by that without once it is over, or by renewing it."""
        book, sheet, own = self.book, self.sheet, self.inputs.behaviour
        heads = [book.word(key) for key in ("support_falls", "support_over", "renewed")]
        falls, excess_level = sheet.columns(heads[:2], "code")
        renewed, path = sheet.column(heads[2], "p2"), sheet.column(book.word("pool_level"), "p2")
        level, own_level = levels
        for t in range(one.start, self.last + 1):
            followed: Term = level[t] if level is not None else term(1)
            after: Term = own_level[t] if own_level is not None else term(1)
            if t == one.start:
                falls.put(t, 0), excess_level.put(t, 0), renewed.put(t, 0)
                path.put(t, when(pool.has_card[t], 1, followed))
                continue
            fallen = all_of(pool.supported[t - 1], pool.share[t] < pool.share[t - 1])
            fall = falls.put(t, when(fallen, 1, 0))
            has_ended = any_of(excess_level[t - 1] > 0, all_of(fall > 0, opposite(pool.supported[t])))
            is_over = excess_level.put(t, when(has_ended, 1, 0)) > 0
            still = renewed[t - 1] * own["kept"] if lapses else renewed[t - 1]
            least_level = largest(still, when(fall > 0, own["renewal_after_support"] * path[t - 1], 0))
            base = when(pool.has_card[t], 1, followed)
            base = when(all_of(is_over, opposite(pool.supported[t])), after, base)
            path.put(t, largest(base, renewed.put(t, least_level)))
        return path

    def _pool_blocks(self, one: _Exit, pool_paths: list[tuple[Column | None, Column | None]]) -> PoolPaths:
        """Write the paths of all pools beside each other, and the number of the group in which each then is."""
        book, sheet, pools = self.book, self.sheet, self.book.model["pools"]
        names = [pool_name(book, i) for i in range(len(pool_paths))]
        sheet.block(book.word("block_levels", title=one.title))
        levels = sheet.columns(names, "p2")
        sheet.block(book.word("block_groups", title=one.title))
        groups = sheet.columns(names, "code")
        for t in range(min(one.start, book.first), self.last + 1):
            for i, (level, group) in enumerate(pool_paths):
                if t < one.start:
                    levels[i].put(t, 1), groups[i].put(t, book.code(one.key))
                    continue
                levels[i].put(t, level[t] if level else 1)
                groups[i].put(t, group[t] if group else book.code(pools["entitlement"][i]))
        return PoolPaths(levels, groups)


def pool_name(book: Book, i: int) -> str:
    """Return the name of a pool: its entitlement, and whether of minorities."""
    pools = book.model["pools"]
    name = book.group(pools["entitlement"][i])
    if pools["minority_area"][i]:
        return book.word("pool_area", group=name)
    return book.word("pool_minority", group=name) if pools["minority"][i] else name
