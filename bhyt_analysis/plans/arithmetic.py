"""Check what the rows of a table add up to, and amounts that are people times what is paid for each of them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bhyt_analysis.plans.mentions import Number
from bhyt_analysis.plans.words import plain

_TOTAL = re.compile(r"(?:tổng(?: cộng| số)?|cộng)\W*")
_PART = re.compile(r"trong đó|\W|(?:bao )?gồm|chia ra")
_NO_SUM = re.compile(
    r"%|tỷ lệ|tỷ trọng|mức|đơn giá|bình quân|hệ số|số tháng|xếp|đồng ?/|năm sinh|mật độ|điểm|đạt|so với|so sánh"
    r"|hoàn thành|tăng|giảm|chênh lệch"
)
_MONEY = re.compile(r"kinh phí|tiền|đồng|dự toán|ngân sách")
_ROUNDED = re.compile(r"triệu|tỷ đồng|nghìn|ngàn|1\.?000")
_COUNTED = re.compile(r"người|thẻ|hộ|khẩu|dân")
_PEOPLE = re.compile(r"(?:số|tổng) (?:người|đối tượng|thẻ|học sinh|hssv|lượng)|số lượng")
_PRICE = re.compile(r"^[^%]*(?:mức|đơn giá|đồng ?/)[^%]*$")
_MONTHS = re.compile(r"(?<!/)tháng")
_AMOUNT = re.compile(r"thành tiền|kinh phí|tổng (?:số )?tiền|số tiền")
_COLUMNS = (_PRICE, _AMOUNT, _PEOPLE)
_FACTOR = re.compile(r"(\d[\d.]*(?:,\d+)?)(?: ?(%|nghìn|ngàn|triệu|tỷ)(?!\w))?", re.IGNORECASE)
_ANY_FACTOR = r"\d[\d.,]*[^=×*\d;]{0,30}?"
_EQUATION = re.compile(
    rf"(?<![\d.,]){_ANY_FACTOR}(?:\s[x×*]\s*{_ANY_FACTOR}){{1,4}}\s*=\s*{_FACTOR.pattern}", re.IGNORECASE
)
_SCALES = {"%": 0.01, "nghìn": 1e3, "ngàn": 1e3, "triệu": 1e6, "tỷ": 1e9}
_LEAST_AGREEING = 2  # rows that show how a table works its amounts out


class Row(NamedTuple):
    """A row of a table: its ordinal, its label and its numbers by column."""

    ordinal: str
    label: str
    figures: Mapping[int, Number]


class WrongCell(NamedTuple):
    """A cell whose number the others of its table give otherwise: the rule, the cell, and what they give."""

    rule: str
    row: int  # its position among the rows
    column: int
    expected: float


def wrong_totals(
    rows: Sequence[Row], headings: Mapping[int, str], caption: str = "", are_units: bool = False
) -> Iterator[WrongCell]:
    """Yield the totals that are not the sum of their rows, in a table of one total and of rows of one level.

    The rows are all units whose total is printed (``are_units``), or they are numbered from 1 on, so that none is a
    part of another one. The latter may be a choice from more rows: but for money, another column has to add up then.

    Examples
    --------
    >>> counts = [Number(0, 0, value, 0, "", 0) for value in (300.0, 450.0, 760.0)]
    >>> rows = [Row(o, label, {2: n}) for o, label, n in zip(("1", "2", ""), ("In ấn", "Hội nghị", "Cộng"), counts)]
    >>> list(wrong_totals(rows, {2: "Số tiền (đồng)"}))
    [WrongCell(rule='table_total_off', row=2, column=2, expected=750.0)]
    """
    totals = [i for i, row in enumerate(rows) if _TOTAL.fullmatch(plain(row.label))]
    parts = [row for i, row in enumerate(rows) if i not in totals]
    is_numbered = [row.ordinal.strip(" .)").lstrip("0") for row in parts] == [str(i + 1) for i in range(len(parts))]
    if len(totals) != 1 or totals[0] not in (0, len(rows) - 1) or len(parts) < 2 or not (are_units or is_numbered):
        return
    if any(not row.label or _PART.match(plain(row.label)) for row in parts):
        return
    wrong, some_add_up = [], False
    for column, printed in rows[totals[0]].figures.items():
        own, heading = [row.figures[column] for row in parts if column in row.figures], plain(headings[column])
        if len(own) < len(parts) or _NO_SUM.search(heading) or printed.unit in ("percent", "points", "vnd"):
            continue
        values = [n.value for n in own]
        is_money = _MONEY.search(heading) or (_MONEY.search(caption) and not _COUNTED.search(heading))
        if min(values) <= printed.value <= max(values) or (printed.decimals and not is_money):
            continue  # a mean, a rate
        expected = sum(values)
        is_rounded = printed.decimals > 0 or _ROUNDED.search(f"{heading} {caption}") is not None
        steps = sum(0.5 * 10.0**-n.decimals for n in (*own, printed)) if is_rounded else 0.0
        if abs(expected - printed.value) <= steps + 1e-6:
            some_add_up = True
        else:
            cell = WrongCell("table_total_off", totals[0], column, round(expected, printed.decimals))
            wrong.append((cell, are_units or is_money))
    yield from (cell for cell, is_sure in wrong if is_sure or some_add_up)


def wrong_amounts(rows: Sequence[Row], headings: Mapping[int, str]) -> Iterator[WrongCell]:
    """Yield the amounts that are not people times premium as they are in the other rows of the table.

    The factor between the two, for a share or for thousands, is the one that most rows have. A table with another
    column that may be a factor is left out, but for that of the months.
    """
    prices, amounts, people = ([c for c, h in headings.items() if p.search(plain(h))] for p in _COLUMNS)
    amounts = [c for c in amounts if c not in prices]
    people = [c for c in people if c not in (*prices, *amounts)]
    if not len(prices) == len(amounts) == len(people) == 1:
        return
    price, amount, count = prices[0], amounts[0], people[0]
    full = [i for i, row in enumerate(rows) if {price, amount, count} <= row.figures.keys()]
    others = {c for i in full for c in rows[i].figures} - {price, amount, count}
    months = {c for c in others if _MONTHS.search(plain(headings[c]))}
    if any(
        len({rows[i].figures[c].value if c in rows[i].figures else None for i in full}) > 1 for c in others - months
    ):
        return
    factors_of = [price, count, *months]
    products = {i: math.prod(rows[i].figures[c].value for c in factors_of if c in rows[i].figures) for i in full}
    printed = {i: rows[i].figures[amount] for i in full if products[i]}
    factors = {i: f"{n.value / products[i]:.3g}" for i, n in printed.items()}
    usual = Counter(factors.values()).most_common(2)
    if not usual or usual[0][1] < _LEAST_AGREEING or (len(usual) > 1 and usual[1][1] == usual[0][1]):
        return
    model = max((i for i in factors if factors[i] == usual[0][0]), key=lambda i: printed[i].value)  # the most exact
    for i, number in printed.items():
        best = printed[model]
        expected = products[i] * best.value / products[model]
        steps = _step(number.value, number.decimals) + _step(best.value, best.decimals) * expected / best.value
        if abs(expected - number.value) > 1.02 * steps:
            yield WrongCell("amount_off", i, amount, round(expected, number.decimals))


def _step(value: float, decimals: int) -> float:
    """Return how far a printed amount may be from what it was before it was rounded or cut off, also to thousands."""
    digits = f"{value:.0f}"
    return 10.0 ** (-decimals if decimals else len(digits) - len(digits.rstrip("0")))


def equation_spans(text: str) -> list[tuple[int, int]]:
    """Return where a text has multiplications: «350 người x 31.590 đồng x 12 tháng = 132.678.000 đồng».

    Examples
    --------
    >>> equation_spans("Chi 14 xã x 500.000đ = 7.000.000đ")
    [(4, 32)]
    """
    return [equation.span() for equation in _EQUATION.finditer(text)]


def wrong_products(text: str) -> Iterator[tuple[int, int, float, float]]:
    """Yield where a text has the result of a multiplication that its factors do not give, it, and what they give.

    Examples
    --------
    >>> list(wrong_products("1.500 người x 105.300 đồng/tháng x 12 tháng = 1.859.400.000 đồng"))
    [(46, 59, 1859400000.0, 1895400000.0)]
    >>> list(wrong_products("(2.340.000 đồng × 4,5% × 12 tháng × 1.500 người = 1.895,4 triệu đồng)"))
    []
    """
    for equation in _EQUATION.finditer(text):
        *factors, result = _FACTOR.finditer(equation[0])
        expected = math.prod(_amount(factor) for factor in factors)
        value, scale = _amount(result), _SCALES.get((result[2] or "").lower(), 1.0)
        step = scale * _step(value / scale, len(result[1].partition(",")[2]))
        if abs(expected - value) > 1.02 * step:
            start = equation.start() + result.start()
            yield start, start + len(result[1]), value, round(expected, 6)


def _amount(match: re.Match[str]) -> float:
    digits = match[1] if re.fullmatch(r"\d+\.\d{1,2}", match[1]) else match[1].replace(".", "").replace(",", ".")
    return float(digits) * _SCALES.get((match[2] or "").lower(), 1.0)
