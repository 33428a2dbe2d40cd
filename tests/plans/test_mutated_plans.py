"""Change one thing in a plan that fits, and see that it is found at its place, and nothing else is."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from bhyt_analysis.plans.plan import plan_of
from bhyt_analysis.plans.read_document import read_document
from bhyt_analysis.plans.review import review, rule_severity

FOLDER = Path(__file__).with_name("mutated")
SEED = 22
# The text before what is changed, what is changed, and how: by so much at least (a number), or to one of the others.
SHARES = [
    ("thẻ là 121.000 người (chiếm ", "98,2", 0.4),
    ("8.470 thẻ, chiếm ", "7,0", 0.4),
    ("72.600 thẻ, chiếm ", "60,0", 0.4),
    ("24.200 thẻ, chiếm ", "20,0", 0.4),
    ("10.890 thẻ, chiếm ", "9,0", 0.4),
    ("tỷ lệ bao phủ đạt ", "88,0", 0.4),
]
TOTALS = [
    ("Tổng số người tham gia BHYT là ", "123.200", 2000),
    ("cấp thẻ là ", "121.000", 2000),
    ("ngân sách nhà nước đóng: ", "72.600", 2000),
    ("hỗ trợ mức đóng: ", "24.200", 2000),
    ("sử dụng lao động đóng: ", "8.470", 500),
    ("theo hộ gia đình: ", "10.890", 500),
    ("hộ cận nghèo ", "6.050", 500),
    ("Người nghèo ", "12.100", 500),
]
BASES = [("Dân số toàn huyện năm 2021 là ", "140.000", 3000)]
LISTS = [
    ("chi_thi", "(Long Sơn, Yên Định, ", "An Bá", ["Xuân Thịnh Đông", "Long Sơn"]),
    ("chi_thi", "thuộc ", "4 xã", ["3 xã", "6 xã"]),
    ("huyen", "Trung Hà, ", "Tân Mỹ", ["Đại Phong Tây"]),
    ("huyen", "chưa có thẻ ở ", "5 xã", ["7 xã"]),
]
DATES = [
    ("huyen", "Căn cứ Quyết định số 861/QĐ-TTg ngày ", "04/6/2021", ["14/6/2021", "04/6/2020", "31/6/2021"]),
    ("huyen", "xong trước ngày ", "30/6/2022", ["30/6/2021"]),
    ("chi_thi", "kể từ ngày ", "01/7/2021", ["01/5/2021"]),
    ("chi_thi", "Tính đến ngày ", "31/7/2021", ["31/12/2021", "31/5/2021"]),
]
TARGETS = [
    ("huyen", "Tỷ lệ bao phủ BHYT đạt ", "92,7", ["86,1", "94,1"]),
    ("huyen", "92,7% năm 2022, ", "93,5", ["91,2", "95,2"]),
    ("huyen", "93,5% năm 2023 và ", "94,5", ["92,0"]),
    ("chi_thi", "Năm 2022 đạt ", "97", ["95", "98,5"]),
]


def mutations():
    """Yield each change with its seeded new value: the file, the text before, the old and the new text."""
    rng = random.Random(SEED)
    for before, old, least in (*SHARES, *TOTALS, *BASES):
        value, decimals = float(old.replace(".", "").replace(",", ".")), len(old.partition(",")[2])
        change = rng.choice([-1, 1]) * least * rng.uniform(1, 3)
        new = f"{value + change:,.{decimals}f}".translate(str.maketrans(",.", ".,"))
        yield "huyen", before, old, new
    for file, before, old, others in (*LISTS, *DATES, *TARGETS):
        yield file, before, old, rng.choice(others)


@pytest.fixture(scope="module")
def originals():
    documents = {path.stem: read_document(path) for path in FOLDER.iterdir()}
    return {name: (document, noticed(document)) for name, document in documents.items()}


def noticed(document):
    """Return what is noticed in a document: each rule with the place where it is noticed, and the text there."""
    remarks = review(plan_of(document), "vi")
    return {(rule, place) for remark in remarks for rule in remark.rules for place in remark.places or (None,)}


@pytest.mark.parametrize(("file", "before", "old", "new"), list(mutations()), ids=lambda text: text[-24:])
def test_a_change_is_noticed_where_it_is_and_nothing_else(originals, file, before, old, new):
    document, usual = originals[file]
    index, start = next(
        (i, b.text.index(before + old) + len(before)) for i, b in enumerate(document.blocks) if before + old in b.text
    )
    text = document.blocks[index].text
    block = replace(document.blocks[index], text=text[:start] + new + text[start + len(old) :], positions=None)
    blocks = (*document.blocks[:index], block, *document.blocks[index + 1 :])
    shift = len(new) - len(old)

    def as_before(place):
        if place is None or place.block != index or place.start < start:
            return (
                place
                if place is None or place.block != index or place.end <= start
                else place._replace(end=place.end - shift)
            )
        return place._replace(start=place.start - shift if place.start > start else place.start, end=place.end - shift)

    new_pairs = [(r, p) for r, p in noticed(replace(document, blocks=blocks)) if (r, as_before(p)) not in usual]
    here = [
        (r, p)
        for r, p in new_pairs
        if p is not None and p.block == index and p.start <= start + len(new) and p.end >= start
    ]
    assert [r for r, _ in here if rule_severity(r) != "info"], new_pairs
    # Of a list with a name too few, the count is what does not fit; figures that two numbers explain have both places.
    others = [(r, p) for r, p in new_pairs if (r, p) not in here and rule_severity(r) == "error"]
    assert not {r for r, _ in others} - {r for r, _ in here}, others


def test_the_plans_fit_as_they_are(originals):
    for document, usual in originals.values():
        assert {rule for rule, _ in usual if rule_severity(rule) != "info"} <= {"below_upper_target"}, document.path
