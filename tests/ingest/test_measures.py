"""Check what the words of a measure count, and which are no count at all."""

import pytest

from bhyt_analysis.domain.country import country
from bhyt_analysis.i18n.unit_names import strip_unit_word
from bhyt_analysis.ingest.measures import measure_of

MEASURES = {
    "people": ("người|số người|nhân khẩu|khẩu|Số khẩu"),
    "cards": ("thẻ|số thẻ|Số thẻ BHYT|thẻ còn giá trị|(thẻ BHYT)|Số người tham gia BHYT|cards|insured"),
    "households": ("hộ|số hộ|Số hộ dân|households|ĐVT: hộ"),
    "percent": (
        "%|tỷ lệ|Tỷ lệ (%)|tỷ lệ %|cơ cấu|đạt %|TL%|TL (%)|% đạt|Tỉ lệ bao phủ|ĐVT: %|% so với dân số|"
        "percent|Đạt % KH|Tỷ lệ bao phủ BHYT (%)"
    ),
    "money": (
        "đồng|VNĐ|triệu đồng|số tiền|kinh phí|mức đóng|(Đvt: triệu đồng)|1.000 đồng|1000đ|tr.đ|trđ|"
        "đồng/người/tháng|tỷ đồng|nghìn đồng|million VND"
    ),
    "visits": ("lượt|lượt khám|số lượt KCB|Lượt người"),
    "without_card": (
        "chưa có thẻ|chưa tham gia|còn thiếu|chưa bao phủ|số người chưa có thẻ BHYT|người chưa tham gia BHYT|uninsured|"
        "Còn lại chưa có thẻ|Chưa có|Không có BHYT|Người còn phải vận động"
    ),
    "plan": (
        "kế hoạch|KH|chỉ tiêu|giao|dự kiến|phấn đấu|dự toán|KH năm 2026|kế hoạch giao|"
        "chỉ tiêu giao năm 2021|số thẻ kế hoạch|target"
    ),
    "change": (
        "tăng/giảm|+/-|tăng|giảm|so với tháng trước|chênh lệch|biến động|tăng (+), giảm (-)|"
        "Tăng(+)/Giảm(-)|(+/-)|tăng, giảm|Tăng giảm|± so với tháng trước|So với cùng kỳ|thẻ tăng|change|"
        "cấp mới|Tăng mới|Phát sinh mới|mới (tăng)|Số thẻ cấp mới|Thẻ phát hành mới"
    ),
    "rank": ("xếp hạng|thứ hạng|Rank"),
    "cumulative": ("lũy kế|luỹ kế từ đầu năm|Lũy kế|LK"),
    "scaled": (
        "nghìn người|ngàn người|1.000 thẻ|1000 người|x1000|x 1.000 người|triệu người|trăm người|"
        "vạn người|chục hộ|nghìn|ngàn|triệu|thousand people|thousands|Đơn vị tính: nghìn thẻ|"
        "Đ.V.T: 1.000 thẻ|đơn vị nghìn người|người x 1000|10³ người|1.000"
    ),
    "": (
        "Hộ gia đình|hộ nghèo|Hộ cận nghèo|NSNN đóng|ngân sách|Ngàn Trươi|Triệu Sơn|Triệu Phong|"
        "NSNN hỗ trợ 70%|HN|GD|Học sinh|Trạm y tế|Văn|Số|STT|Thứ tự|Đạt|Huyện Suối Đá|"
        "Đơn vị: Huyện Suối Đá|Tổng số|Đồng Tâm|Người cao tuổi|Trẻ em dưới 6 tuổi|Người có công|"
        "Đồng bào dân tộc|Thẻ bảo hiểm khác|Chưa đủ tuổi|Tháng 6|30/6/2021|1|2|2021|CK|Người nghèo|"
        "Xã Tân|Vạn Phúc|Còn lại|Số người còn lại|Hộ mới thoát nghèo|Mới thoát nghèo|Người mới thoát nghèo|Số dân mới|"
        "Mới|Hộ mới|Nông thôn mới|Không có lương hưu|Người không có việc làm|Chưa có nhà ở|Mức hỗ trợ 70%|Mức đóng 30%|"
        "remaining"
    ),
}
CASES = [(text, measure) for measure, texts in MEASURES.items() for text in texts.split("|")]


@pytest.mark.parametrize(("text", "measure"), CASES)
def test_words_name_one_measure_or_none(text, measure):
    assert measure_of(text) == measure


def test_no_name_of_a_unit_is_a_measure():
    names = [u.name for u in country().geography.units.values()]
    texts = {*names, *map(strip_unit_word, names)}
    assert [t for t in texts if measure_of(t) or measure_of(f"Đơn vị: {t}")] == []
