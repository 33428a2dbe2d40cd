"""An input without targets is set against those published for its units: of the country and of its province."""

import bhyt_analysis as bhyt

DIRECTIVE = "Chỉ thị 52-CT/TW"  # above 95% by the end of 2026, everyone by 2030
CARDS = "Đơn vị,Ngày số liệu,Nhóm đối tượng,Số thẻ\nXã Bát Xát,30/09/2026,Người thuộc hộ nghèo,1630\n"


def test_an_input_without_targets_has_those_of_the_country(tmp_path):
    (tmp_path / "cards.csv").write_text(CARDS, "utf-8")
    targets = bhyt.area(bhyt.load(tmp_path), "Xã Bát Xát").targets()
    later = targets[targets["on"] >= "2026-01-01"]
    assert later["rate"].tolist() == [0.95, 1.0]
    assert later["level"].tolist() == ["country", "country"]
    assert later["instrument"].str.contains(DIRECTIVE).all()


def test_targets_of_the_input_are_the_only_ones(tmp_path):
    (tmp_path / "cards.csv").write_text(CARDS, "utf-8")
    target = "Đơn vị,Phạm vi,Thời điểm,Chỉ tiêu,Quan hệ,Văn bản\nXã Bát Xát,Toàn dân,31/12/2026,97%,=,Kế hoạch của xã\n"
    (tmp_path / "targets.csv").write_text(target, "utf-8")
    assert bhyt.area(bhyt.load(tmp_path), "Xã Bát Xát").targets()["rate"].tolist() == [0.97]


def test_units_that_were_made_up_have_no_targets_of_the_country(tmp_path):
    (tmp_path / "areas.csv").write_text("code,name,kind,parent,since\nQ1,Xã Tự Đặt,commune,,2025-07-01\n", "utf-8")
    (tmp_path / "cards.csv").write_text("area,as_of,group,cards\nQ1,2026-09-30,poor,100\n", "utf-8")
    assert bhyt.load(tmp_path).targets.empty
