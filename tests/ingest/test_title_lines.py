"""Check what the lines above a table state: the day of its figures, their measure and status, and labels."""

import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.domain.country import country
from bhyt_analysis.i18n.unit_names import strip_unit_word
from bhyt_analysis.ingest.title_lines import labelled_values, stated_date, stated_status, stated_unit
from tests.ingest.offices import CARDS, office, write_xlsx

# The texts above the table, the name of the sheet, and the day; None is asked about.
DATES = [
    (["Số thẻ đến hết tháng 6 năm 2021"], "", "2021-06-30"),
    (["Đến hết ngày 30 tháng 6 năm 2021"], "", "2021-06-30"),
    (["Đến ngày 30 tháng 6 năm 2021"], "", "2021-06-30"),
    (["Số thẻ BHYT tính đến 30/6/2021"], "", "2021-06-30"),
    (["tháng 06/2021"], "", "2021-06-30"),
    (["SỐ THẺ T6/2021"], "", "2021-06-30"),
    (["Tháng Sáu năm 2021"], "", "2021-06-30"),
    (["Tháng Năm năm 2021"], "", "2021-05-31"),
    (["Tháng Tư năm 2021"], "", "2021-04-30"),
    (["Tháng Mười Một năm 2021"], "", "2021-11-30"),
    (["đến 31.12.2021"], "", "2021-12-31"),
    (["BÁO CÁO QUÝ II/2021"], "", "2021-06-30"),
    (["Quý IV năm 2021"], "", "2021-12-31"),
    (["6 tháng đầu năm 2021"], "", "2021-06-30"),
    (["Báo cáo sáu tháng đầu năm 2021"], "", "2021-06-30"),
    (["9 tháng năm 2021"], "", "2021-09-30"),
    (["SỐ THẺ THÁNG 6 NĂM 2021", "Suối Đá, ngày 05 tháng 7 năm 2021"], "", "2021-06-30"),
    (["BHXH HUYỆN SUỐI ĐÁ", "Suối Đá, ngày 05 tháng 7 năm 2021", "SỐ THẺ"], "", None),
    (["Cao Bằng, ngày 05 tháng 7 năm 2021"], "", None),
    (["Suối Đá, ngày 05/07/2021"], "", None),
    (["Suối Đá ngày 30 tháng 6 năm 2021"], "", None),
    (["Suối Đá, ngày … tháng 7 năm 2021"], "", None),
    (["Suối Đá, ngày     tháng 7 năm 2021"], "", None),
    (["Ngày in: 05/07/2021"], "", None),
    (["Ngày in:", "2021-07-05"], "", None),
    (["Ngày in:", "05/07/2021", "Số thẻ tháng 6/2021"], "", "2021-06-30"),
    (["In lúc 08:30 ngày 30/06/2021"], "", None),
    (["Thời gian in: 30/06/2021 08:30"], "", None),
    (["Ngày xuất báo cáo: 30/06/2021"], "", None),
    (["Ngày ký: 30/6/2021"], "", None),
    (["Ngày lập 30/6/2021"], "", None),
    (["Ngày lập biểu: 30/6/2021"], "", None),
    (["Quyết định số 861/QĐ-TTg ngày 04/6/2021"], "", None),
    (["số 99/KH-UBND ngày 30 tháng 6 năm 2021"], "", None),
    (["(Ban hành kèm theo Công văn số 12/BHXH ngày 30/6/2021 của BHXH)"], "", None),
    (["Căn cứ Nghị định 146/2018/NĐ-CP ngày 17/10/2018", "Số thẻ tính đến 31/12/2021"], "", "2021-12-31"),
    (["Số thẻ theo Quyết định 861/QĐ-TTg ngày 04/6/2021 tính đến ngày 31/12/2021"], "", "2021-12-31"),
    (["Tháng 6 so với tháng 5 năm 2021"], "", None),
    (["Tháng 6/2021 so với tháng 5/2021"], "", None),
    (["Từ ngày 01/6/2021 đến 30/6/2021"], "", None),
    (["Từ 01/6 đến 30/6/2021"], "", None),
    (["từ tháng 1 đến tháng 6 năm 2021"], "", None),
    (["Tháng 5 và 6 năm 2021"], "", None),
    (["tháng 1-6/2021"], "", None),
    (["Số thẻ năm 2021"], "", None),
    (["Năm học 2021-2022"], "", None),
    (["Giai đoạn 2021-2025"], "", None),
    (["Tháng 6 năm 1021"], "", None),
    (["tính đến 30/6/2201"], "", None),
    (["tính đến 31/6/2021"], "", None),
    (["Tháng 6 năm 2021 (tính đến 25/6/2021)"], "", "2021-06-25"),
    (["Tháng 6 năm 2021", "tính đến 5/7/2021"], "", None),
    (["Tháng 6 năm 2021", "Ngày 05 tháng 7 năm 2021"], "", "2021-06-30"),
    (["Ngày 05 tháng 7 năm 2021"], "", None),
    (["Ngày 30 tháng 6 năm 2021"], "", "2021-06-30"),
    (["2021-06-30"], "", "2021-06-30"),
    (["SỐ THẺ"], "T11.2025", "2025-11-30"),
    (["SỐ THẺ"], "11-2025", "2025-11-30"),
    (["SỐ THẺ NĂM 2021"], "Thang 6", "2021-06-30"),
    (["SỐ THẺ"], "30.6.21", "2021-06-30"),
    (["SỐ THẺ"], "Thang 6", None),
    (["SỐ THẺ THÁNG 5 NĂM 2021"], "T6.2021", None),
    (["SỐ THẺ THÁNG 5 NĂM 2021"], "T5.2021", "2021-05-31"),
    (["SỐ THẺ THÁNG 5 NĂM 2021"], "Số thẻ 2021", "2021-05-31"),
    (["Thẻ có giá trị đến 31/12/2026"], "", None),
    (["Thẻ có giá trị đến 31/12/2026", "Tháng 3/2026"], "", "2026-03-31"),
    (["Hạn sử dụng: 31/12/2026", "Tháng 3/2026"], "", "2026-03-31"),
    (["Thẻ còn hiệu lực tính đến ngày 31/3/2026"], "", "2026-03-31"),
    (["Trẻ em sinh trước 01/01/2020, số liệu tháng 3/2026"], "", "2026-03-31"),
    (["Tháng 3/2026 (gửi trước ngày 05/4/2026)"], "", "2026-03-31"),
    (["As at 31 March 2026"], "", "2026-03-31"),
    (["Cards in force, March 31, 2026"], "", "2026-03-31"),
    (["Insured people, Sept 2025"], "", "2025-09-30"),
    (["March 2026", "Printed on 5 April 2026"], "", "2026-03-31"),
    (["Cập nhật: 05/4/2026"], "", None),
    (["Báo cáo tổng hợp ngày 31/12/2021"], "", "2021-12-31"),
    (["Năm 2020 và 2021"], "T6", None),
    (["SỐ THẺ NĂM 2021", "Suối Đá, ngày 05 tháng 1 năm 2022"], "T12", "2021-12-31"),
    ([], "cards_2021-07", "2021-07-31"),
    ([], "so_the_30_6_2021", "2021-06-30"),
    ([], "2021-2022", None),
    ([], "Thẻ T6-2021", "2021-06-30"),
    ([], "THANG 06.2021", "2021-06-30"),
    (["Tháng 6", "Năm 2021"], "", "2021-06-30"),
    (["Tháng 6"], "2021", "2021-06-30"),
    (["Trẻ em từ 6 đến 18 tuổi tính đến 30/6/2021"], "", "2021-06-30"),
    (["Trẻ dưới 72 tháng tuổi, tháng 6/2021"], "", "2021-06-30"),
    (["SỐ THẺ BHYT THÁNG 6\nNĂM 2021"], "", "2021-06-30"),
    (["CỘNG HOÀ XÃ HỘI\nSuối Đá, ngày 30 tháng 6 năm 2021"], "", None),
    (["Kỳ báo cáo 06/2021"], "", "2021-06-30"),
    (["Thông tư số 30/2020/TT-BYT"], "", None),
    (["Số: 12/2021"], "", None),
    (["tính đến cuối năm 2021"], "", "2021-12-31"),
    (["As of 31/12/2021"], "", "2021-12-31"),
    (["Số thẻ đến ngày 30 tháng 6 năm 2021"], "", "2021-06-30"),
    (["(Đến ngày 30 tháng 6 năm 2021)"], "", "2021-06-30"),
    (["tính đến 24h ngày 30/6/2021"], "", "2021-06-30"),
    (["Số liệu tháng 6/2021 so với cùng kỳ năm 2020"], "", "2021-06-30"),
    (["Báo cáo tháng 6 năm 2021 theo Kế hoạch số 45/KH-UBND ngày 12/3/2021"], "", "2021-06-30"),
    (["Biểu số 01/BHYT ban hành kèm theo Thông tư 01/2020/TT-BYT ngày 16/01/2020 tháng 6 năm 2021"], "", "2021-06-30"),
    (["Số thẻ Phường 5 tháng 6 năm 2021"], "", None),
    (["Tháng 6/2021", "Cập nhật 05/7/2021"], "", "2021-06-30"),
    (["Tháng 6/2021", "(cập nhật: 05/7/2021)"], "", "2021-06-30"),
    (["Tháng 6/2021", "Cập nhật:", "05/7/2021"], "", "2021-06-30"),
    (["Tháng 6/2021", "Ngày báo cáo: 07/7/2021"], "", "2021-06-30"),
    (["Tháng 6/2021", "Ngày báo cáo", "07/7/2021"], "", "2021-06-30"),
    (["Tháng 6/2021", "Trích xuất ngày 05/7/2021"], "", "2021-06-30"),
    (["Tháng 6/2021", "Trích xuất dữ liệu 05/07/2021"], "", "2021-06-30"),
    (["Tháng 6/2021", "Chốt dữ liệu lúc 17:00 ngày 05/7/2021"], "", "2021-06-30"),
    (["Tháng 6/2021", "Kết xuất lúc 8h30 05/7/2021"], "", "2021-06-30"),
    (["Tháng 6/2021", "Ngày tổng hợp: 05/7/2021"], "", "2021-06-30"),
    (["Tháng 6/2021", "Date of report: 05/7/2021"], "", "2021-06-30"),
    (["Ngày báo cáo: 07/7/2021"], "", None),
    (["Ngày nhận: 07/7/2021"], "", None),
    (["Ngày cập nhật: 30/6/2021"], "", None),
    (["Kỳ báo cáo: 30/6/2021"], "", "2021-06-30"),
    (["Tháng báo cáo: 06/2021"], "", "2021-06-30"),
    (["Kỳ số liệu 30/6/2021", "Ngày báo cáo: 07/7/2021"], "", "2021-06-30"),
    (["Số liệu cập nhật đến ngày 30/6/2021"], "", "2021-06-30"),
    (["Cập nhật số liệu đến 30/6/2021"], "", "2021-06-30"),
    (["Ngày báo cáo số liệu đến 30/6/2021"], "", "2021-06-30"),
    (["Chốt số liệu đến ngày 30/6/2021"], "", "2021-06-30"),
    (["Số liệu chốt ngày 30/6/2021"], "", "2021-06-30"),
    (["Chốt số liệu lúc 24h ngày 30/6/2021"], "", "2021-06-30"),
]
MEASURES = [
    ("Đơn vị: nghìn người", "scaled"),
    ("ĐVT: người", "people"),
    ("Đ.V.T: 1.000 thẻ", "scaled"),
    ("Đơn vị tính: hộ", "households"),
    ("(Đvt: triệu đồng)", "money"),
    ("Unit: thousand people", "scaled"),
    ("Đơn vị: Huyện Suối Đá", ""),
    ("Đơn vị báo cáo: BHXH huyện", ""),
    ("BHXH huyện Triệu Sơn", ""),
    ("Ngàn Trươi", ""),
    ("Xã Triệu Phong", ""),
    ("Ngân sách nhà nước", ""),
    ("Số thẻ BHYT (nghìn thẻ)", "scaled"),
    ("Dân số (Nghìn người)", "scaled"),
    ("nghìn người", "scaled"),
    ("Ghi chú: ĐVT nghìn người", "scaled"),
    ("Số liệu tính bằng nghìn người", "scaled"),
    ("Ghi chú: 1.000 người chưa báo cáo", ""),
    ("ĐVT: người, %", "people"),
    ("ĐVT: Nghìn người; %", "scaled"),
    ("ĐVT: triệu đồng, người", ""),
    ("Người", "people"),
    ("(hộ)", "households"),
    ("SỐ THẺ VÀ TỶ LỆ BAO PHỦ (%)", ""),
    ("Số thẻ", ""),
    ("Dân số", ""),
    ("Đơn vị: Triệu Sơn", ""),
    ("Đơn vị: Vân Hồ", ""),
    ("Huyện Vân Hồ", ""),
    ("ĐVT: nghìn", "scaled"),
    ("Đơn vị tính : Người Biểu số 3", "people"),
    ("Số thẻ x1000", "scaled"),
    ("SỐ THẺ BHYT HUYỆN TRIỆU SƠN THÁNG 6 NĂM 2021", ""),
    ("Toàn huyện có 5 nghìn người chưa có thẻ", ""),
    ("ĐVT: %", "percent"),
    ("Đơn vị tính: 1000 người", "scaled"),
    ("Đơn vị: người", "people"),
    ("Tỷ lệ bao phủ", ""),
    ("Đơn vị: thẻ", "cards"),
    ("ĐVT: trăm người", "scaled"),
    ("Số thẻ (thẻ)", "cards"),
    ("Dân số trung bình (người)", "people"),
    ("Ngày in: 05/07/2021", ""),
    ("BHXH tỉnh", ""),
    ("Hộ gia đình", ""),
    ("Số liệu ngày 30/6/2021", ""),
    ("SỐ THẺ BHYT (KHU VỰC III)", ""),
    ("Tổng số hộ nghèo", ""),
    ("Đơn vị tính: nghìn hộ", "scaled"),
    ("Trạm y tế xã", ""),
]
STATUSES = [
    ("Ước thực hiện 2021", "estimated"),
    ("Số ước tháng 6", "estimated"),
    ("(ước)", "estimated"),
    ("Dự kiến", "estimated"),
    ("Sơ bộ", "estimated"),
    ("Số liệu ước tính", "estimated"),
    ("giả lập", "synthetic"),
    ("Số liệu giả định", "synthetic"),
    ("Số liệu thử", "synthetic"),
    ("Ví dụ minh họa", "synthetic"),
    ("Ví dụ minh hoạ", "synthetic"),
    ("Hộ gia đình", ""),
    ("HO GIA DINH", ""),
    ("Xã Gia Lập", ""),
    ("Xã Tân Ước năm 2021", ""),
    ("Bình Phước", ""),
    ("Số liệu sơ bộ 30/6/2021", "estimated"),
    ("Quy ước", ""),
]


@pytest.mark.parametrize(("texts", "sheet", "day"), DATES)
def test_day_of_the_figures(texts, sheet, day):
    date = stated_date(texts, sheet)
    assert (date and str(date)) == day


@pytest.mark.parametrize(("text", "measure"), MEASURES)
def test_measure_of_a_table(text, measure):
    assert stated_unit([text]) == (measure, text if measure else "")


def test_measure_beside_its_label_and_thousands_before_others():
    assert stated_unit(["Đơn vị tính:", "nghìn người"]) == ("scaled", "Đơn vị tính: nghìn người")
    assert stated_unit(["ĐVT: người", "Ghi chú: ĐVT nghìn người"])[0] == "scaled"


@pytest.mark.parametrize(("text", "status"), STATUSES)
def test_status_of_a_table(text, status):
    assert stated_status(["SỐ THẺ BHYT", text]) == status


def test_label_takes_no_value_from_another_label():
    assert labelled_values([["Ngày số liệu:", "Nguồn: BHXH"]], "cards") == {"source": "BHXH"}
    assert labelled_values([["Ngày số liệu:", "Ngày in: 05/7/2021"]], "cards") == {}
    assert labelled_values([["Ngày số liệu:", "30/6/2021", "Nguồn:", "BHXH"]], "cards") == {
        "as_of": "30/6/2021",
        "source": "BHXH",
    }
    for label in ("Ngày báo cáo: 07/7/2021", "Ngày nhận: 07/7/2021"):
        assert labelled_values([[label]], "cards") == {}


def test_names_of_units_change_no_reading():
    names = {unit.name for unit in country().geography.units.values()}
    for name in {strip_unit_word(name) for name in names}:
        signed = [f"{name}, ngày 30 tháng 6 năm 2021"]
        assert stated_date(signed) is None, name
        assert str(stated_date([f"Số thẻ {name} tháng 5 năm 2021", *signed])) in ("2021-05-31", "None"), name
        assert stated_unit([name, f"Đơn vị: {name}", f"Số thẻ BHYT {name}"]) == ("", ""), name
        assert stated_status([name, f"SỐ THẺ {name.upper()}"]) == "", name


@pytest.mark.parametrize("line", ["Suối Đá, ngày 05 tháng 7 năm 2021", "Ngày in: 05/07/2021"])
def test_file_with_a_month_above_and_a_later_signature(tmp_path, line):
    rows = [["BHXH HUYỆN KHE SÂU", None, line], ["SỐ THẺ BHYT THÁNG 6 NĂM 2021"]]
    rows += [[row[0], *row[2:]] for row in CARDS]
    path = write_xlsx(tmp_path / "so_lieu.xlsx", office(**{"Số thẻ": rows}))
    assert set(bhyt.load(path).cards["as_of"].astype(str)) == {"2021-06-30"}


def test_file_with_only_a_signature_lacks_its_day(tmp_path):
    rows = [["Suối Đá, ngày 05 tháng 7 năm 2021"], *([row[0], *row[2:]] for row in CARDS)]
    path = write_xlsx(tmp_path / "so_lieu.xlsx", office(**{"Số thẻ": rows}))
    assert bhyt.check(path, "en").query("severity == 'error'")["rule"].tolist() == ["no_day"]


@pytest.mark.parametrize(("unit", "rule"), [("nghìn người", "scaled"), ("hộ", "other_measure"), ("thẻ", "")])
def test_column_of_the_unit_of_measure_is_read(tmp_path, unit, rule):
    rows = [[*CARDS[0], "ĐVT"], *([*row, "thẻ"] for row in CARDS[1:])]
    rows[2][-1] = unit
    path = write_xlsx(tmp_path / "so_lieu.xlsx", office(**{"Số thẻ": rows}))
    assert rule in ["", *bhyt.check(path, "vi").query("severity == 'error'")["rule"]]
    assert bool(rule) == bhyt.check(path, "vi")["severity"].eq("error").any()
