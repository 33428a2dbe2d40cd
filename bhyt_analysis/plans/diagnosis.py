"""Find which printed figures are wrong where several contradict each other.

Each relation between figures, such as share = part / base or total = sum of its parts, allows a figure only some
values, given the others. Of all sets of figures whose change would satisfy every relation, the smallest is the
likeliest to be wrong: the principle by which statistical offices localise errors (I. P. Fellegi, D. Holt, "A systematic
approach to automatic edit and imputation", JASA 71, 1976). What the relations allow a figure is what would fit there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from bhyt_analysis.domain.printed_figures import Interval

MOST_WRONG = 3  # figures of one set of relations that are taken to be wrong together
STRONG = 10.0  # doubt that decides by itself
EVERYTHING = Interval(-math.inf, math.inf, True, True)
Values = Mapping[int, Interval]  # what each figure can have been before it was rounded


@dataclass(frozen=True)
class Relation:
    """A relation between figures, by their numbers, and what it allows each of them given the others."""

    figures: tuple[int, ...]
    allowed: Callable[[int, Values], Interval]

    def holds(self, values: Values) -> bool:
        """Tell whether the figures as printed satisfy the relation."""
        first = self.figures[0]
        return values[first].meets(self.allowed(first, values))


@dataclass(frozen=True)
class Diagnosis:
    """Figures that are likely wrong, with what would fit each, and the relations that do not hold because of them."""

    figures: tuple[int, ...]
    fitting: Mapping[int, Interval]
    relations: tuple[Relation, ...]
    is_any: bool  # only one of the figures is wrong, and any may be it


def ratio(share: int, part: int, base: int) -> Relation:
    """Return the relation of a share, in per cent, to its part and its base."""

    def allowed(figure: int, values: Values) -> Interval:
        if figure == share:
            return _divide(values[part], values[base], 100)
        if figure == part:
            s, b = values[share], values[base]
            return Interval(s.low * b.low / 100, s.high * b.high / 100, s.low_open, False)
        return _divide(values[part], values[share], 100)

    return Relation((share, part, base), allowed)


def _divide(part: Interval, base: Interval, scale: float) -> Interval:
    low = scale * part.low / base.high if base.high > 0 else -math.inf
    high = scale * part.high / base.low if base.low > 0 else math.inf
    return Interval(low, high, False, False)


def total(sum_total: int, parts: Sequence[int], is_complete: bool) -> Relation:
    """Return the relation of a total to its parts, which add up to it, or to no more where others may be left out."""

    def allowed(figure: int, values: Values) -> Interval:
        low, high = (sum(getattr(values[p], end) for p in parts if p != figure) for end in ("low", "high"))
        if figure == sum_total:
            return Interval(low, high if is_complete else math.inf, False, False)
        most = values[sum_total].high - low
        return Interval(values[sum_total].low - high if is_complete else 0.0, most, False, False)

    return Relation((sum_total, *parts), allowed)


def order(lower: int, upper: int) -> Relation:
    """Return the relation of a figure that is not above another one."""

    def allowed(figure: int, values: Values) -> Interval:
        if figure == lower:
            return Interval(-math.inf, values[upper].high, True, False)
        return Interval(values[lower].low, math.inf, False, True)

    return Relation((lower, upper), allowed)


def same(one: int, other: int) -> Relation:
    """Return the relation of two figures that are the same thing."""
    return Relation((one, other), lambda figure, values: values[other if figure == one else one])


def diagnose(
    relations: Collection[Relation], values: Values, doubt: Mapping[int, float] | None = None
) -> list[Diagnosis]:
    """Return the figures that are likely wrong, for each group of relations that do not hold and share figures.

    ``doubt``: how much a figure is to be doubted before others that would mend as much, 0 where it is missing.

    Examples
    --------
    >>> counts = {n: Interval(x, x, False, False) for n, x in enumerate((26735, 153953, 127218), 1)}
    >>> likely = diagnose([ratio(0, 1, 2), total(2, [1, 3], True)], {0: Interval(17.15, 17.25)} | counts)[0]
    >>> likely.figures, round(likely.fitting[0].low, 1)
    ((0,), 17.4)
    """
    failing = [r for r in relations if not r.holds(values)]
    holding = [r for r in relations if r not in failing]
    return [_diagnose(group, holding, values, doubt or {}) for group in _connected(failing)]


def _connected(relations: Iterable[Relation]) -> list[list[Relation]]:
    groups: list[list[Relation]] = []
    for relation in relations:
        own = [g for g in groups if any(set(relation.figures) & set(r.figures) for r in g)]
        groups = [g for g in groups if g not in own] + [[relation, *(r for g in own for r in g)]]
    return groups


def _diagnose(
    failing: list[Relation], holding: list[Relation], values: Values, doubt: Mapping[int, float]
) -> Diagnosis:
    suspects = sorted({f for r in failing for f in r.figures})
    for size in range(1, MOST_WRONG + 1):
        sets = [s for s in combinations(suspects, size) if all(set(s) & set(r.figures) for r in failing)]
        fitting = {s: fits for s in sets if (fits := _fitting(s, [*failing, *holding], values)) is not None}
        if fitting:
            # Alone, a share is no likelier wrong than a count: only strong doubt decides between them.
            doubts = {s: sum(doubt.get(f, 0) for f in s) // (1 if size > 1 else STRONG) for s in fitting}
            likeliest = [s for s in fitting if doubts[s] == max(doubts.values())]
            # Of several single figures, any may be the wrong one: all are named.
            chosen = tuple(f for s in likeliest for f in s) if size == 1 else likeliest[0]
            fits = {f: fitting[s][f] for s in likeliest for f in s if f in chosen}
            return Diagnosis(chosen, fits, tuple(failing), size == 1 and len(chosen) > 1)
    return Diagnosis(tuple(dict.fromkeys(r.figures[0] for r in failing)), {}, tuple(failing), False)


def _fitting(free: tuple[int, ...], relations: list[Relation], values: Values) -> dict[int, Interval] | None:
    """Return what would fit each figure of a set if it were not as printed; None where nothing does."""
    fits = {}
    for figure in free:
        fit = EVERYTHING
        for relation in relations:
            if figure in relation.figures and not set(free) & set(relation.figures) - {figure}:
                allowed = relation.allowed(figure, values)
                if not fit.meets(allowed):
                    return None
                fit = _common(fit, allowed)
        fits[figure] = fit
    return fits


def _common(one: Interval, other: Interval) -> Interval:
    low, high = max(one.low, other.low), min(one.high, other.high)
    return Interval(
        low,
        high,
        any(i.low == low and i.low_open for i in (one, other)),
        any(i.high == high and i.high_open for i in (one, other)),
    )
