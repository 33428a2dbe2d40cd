"""Totals, amounts and products of plans: what the numbers beside them give, worked out by hand."""

import pytest

from bhyt_analysis.plans.arithmetic import wrong_products
from bhyt_analysis.plans.plan import plan_of
from bhyt_analysis.plans.read_document import read_document
from bhyt_analysis.plans.review import review

HEAD = """ỦY BAN NHÂN DÂN HUYỆN YÊN CHÂU

Số: 45/KH-UBND

Yên Châu, ngày 10 tháng 3 năm 2024

# KẾ HOẠCH

**Hỗ trợ đóng BHYT năm 2024 trên địa bàn huyện Yên Châu**

## I. KINH PHÍ

"""
# 350 x 379.080, 1.846 x 252.720 and 210 x 379.080 dong; their sum is 678.805.920.
FUNDS = """| TT | Đối tượng | Số người | Mức hỗ trợ (đồng/người/năm) | Thành tiền (đồng) |
|---|---|---|---|---|
| 1 | Người thuộc hộ cận nghèo | 350 | 379.080 | 132.678.000 |
| 2 | Học sinh, sinh viên | 1.846 | 252.720 | 466.521.120 |
| 3 | Hộ nông nghiệp có mức sống trung bình | 210 | 379.080 | 79.606.800 |
| | Cộng | 2.406 | | 678.805.920 |
"""
WORKS = """Dự toán (triệu đồng)

| TT | Nội dung | Kinh phí |
|---|---|---|
| 1 | In tờ rơi | 12,5 |
| 2 | Hội nghị tuyên truyền | 30 |
| 3 | Loa truyền thanh | 7,5 |
| | Tổng cộng | 50 |
"""
SOME = """Số người tham gia BHYT ở một số xã đến 31/12/2023

| TT | Xã | Dân số | Số người tham gia BHYT | Tỷ lệ (%) |
|---|---|---|---|---|
| 1 | Chiềng Pằn | 4.120 | 3.502 | 85,0 |
| 2 | Viêng Lán | 3.050 | 2.714 | 89,0 |
| 3 | Chiềng Khoi | 3.410 | 2.830 | 83,0 |
| | Cộng | 10.580 | 9.046 | 85,5 |
"""
UNIONS = """| TT | Đoàn thể | Số người vận động | Kinh phí (đồng) |
|---|---|---|---|
| 1 | Hội Phụ nữ | 180 | 1.800.000 |
| 2 | Hội Nông dân | 310 | 3.100.000 |
| | Trong đó: hội viên | 95 | 950.000 |
| | Cộng | 490 | 4.900.000 |
"""
RATES = """| TT | Đoàn thể | Kế hoạch (người) | Vận động (người) | So với giao |
|---|---|---|---|---|
| 1 | Hội Phụ nữ | 200 | 180 | 90 |
| 2 | Hội Nông dân | 300 | 310 | 103 |
| | Tổng | 500 | 490 | 98 |
"""
CHANGES = """| TT | Nhóm | Thẻ BHYT | Tăng/giảm so với năm trước |
|---|---|---|---|
| 1 | Người lao động | 1.305 | 120 |
| 2 | Ngân sách đóng | 14.310 | -402 |
| 3 | Hộ gia đình | 2.395 | + 95 |
| | Cộng | 18.010 | -187 |
"""
MONTHS = """| TT | Nhóm | Số người | Mức đóng (đồng/tháng) | Số tháng | Kinh phí (nghìn đồng) |
|---|---|---|---|---|---|
| 1 | Người nghèo | 100 | 105.300 | 12 | 126.360 |
| 2 | Người cận nghèo | 250 | 105.300 | 12 | 315.900 |
| 3 | Trẻ em dưới 6 tuổi | 400 | 105.300 | 12 | 505.440 |
"""


def remarks(tmp_path, *tables):
    path = tmp_path / "ke_hoach.md"
    path.write_text(HEAD + "\n".join(tables), encoding="utf-8")
    document = read_document(path)
    return [
        (rule, document.blocks[p.block].text[p.start : p.end], message)
        for remark in review(plan_of(document), "vi")
        for rule, message in zip(remark.rules, remark.messages, strict=True)
        for p in remark.places
        if rule in ("table_total_off", "amount_off", "product_off")
    ]


def test_tables_that_add_up_get_no_remark(tmp_path):
    assert remarks(tmp_path, FUNDS, WORKS, SOME, UNIONS, RATES, CHANGES, MONTHS) == []


@pytest.mark.parametrize(
    ("table", "old", "new", "rule", "expected"),
    [
        (FUNDS, "79.606.800", "76.606.800", "amount_off", "79.606.800"),  # its total is right, and gets none
        (FUNDS, "678.805.920", "687.805.920", "table_total_off", "678.805.920"),
        (FUNDS, "2.406", "2.460", "table_total_off", "2.406"),
        (WORKS, "| 50 |", "| 52,5 |", "table_total_off", "50"),
        (SOME, "10.580", "10.850", "table_total_off", "10.580"),
        (SOME, "9.046", "9.064", "table_total_off", "9.046"),
        (MONTHS, "315.900", "351.900", "amount_off", "315.900"),
    ],
)
def test_one_wrong_number_gets_one_remark_at_its_cell(tmp_path, table, old, new, rule, expected):
    ((own, place, message),) = remarks(tmp_path, table.replace(old, new))
    assert (own, place) == (rule, new.strip("| ")) and expected in message and new.strip("| ") in message


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [
        (WORKS, "| 50 |", "| 50,1 |"),  # 12,45 + 30 + 7,55 and so on, before they were rounded
        (UNIONS, "| 490 |", "| 500 |"),  # the row «trong đó» is a part of another one
        (SOME, "Cộng | 10.580 | 9.046 | 85,5", "Toàn huyện | 86.400 | 81.216 | 94,0"),  # of all communes
        (MONTHS, "12 | 505.440", "9 | 379.080"),  # nine months
        (MONTHS.replace("Số tháng", "Số đợt"), "12 | 505.440", "9 | 505.440"),  # what is an «đợt»?
        (FUNDS, "(đồng/người/năm)", "(%)"),  # the premium itself is not there
        (UNIONS.replace("Kinh phí (đồng)", "Mật độ"), "4.900.000", "1.300.000"),
        (RATES, "| 98 |", "| 97 |"),
        (CHANGES, "18.010", "18.100"),  # nothing shows that all groups are listed
        (WORKS, "| 3 | Loa", "| 4 | Loa"),  # a choice from a longer list
        (MONTHS.partition("| 3")[0], "126.360", "106.360"),  # two rows that differ: which of them is wrong?
    ],
)
def test_numbers_that_may_be_right_get_no_remark(tmp_path, table, old, new):
    assert old in table and remarks(tmp_path, table.replace(old, new)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hỗ trợ 1.500 người x 105.300 đồng/tháng x 12 tháng = 1.895.400.000 đồng.", None),
        ("(2.340.000 đồng × 4,5% × 12 tháng × 1.500 người = 1.895,4 triệu đồng)", None),
        ("200 em x 884.520 đồng x 30% = 53.071.200 đồng; 14 xã x 500.000đ = 7.000.000đ", None),
        ("1.500 người x 884.520 đồng = 1.326 triệu đồng", None),  # 1.326,78, cut off
        ("Tỷ lệ = số người tham gia / dân số x 100%; xã 135: x = 12 thôn", None),
        ("Hỗ trợ 1.500 người x 105.300 đồng/tháng x 12 tháng = 1.859.400.000 đồng.", ("1.859.400.000", 1_895_400_000)),
        ("14 xã x 500.000đ = 7.500.000đ", ("7.500.000", 7_000_000)),
        ("350 người x 31.590 đồng x 12 tháng = 123,678 triệu đồng", ("123,678", 132_678_000)),
    ],
)
def test_products_are_those_of_their_factors(text, expected):
    wrong = [(text[start:end], round(product)) for start, end, _, product in wrong_products(text)]
    assert wrong == ([] if expected is None else [expected])
