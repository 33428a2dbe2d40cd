"""An input without targets or zones has those published for its units; of targets also those of units above."""

import bhyt_analysis as bhyt
from bhyt_analysis.cli import main
from bhyt_analysis.domain.decisions import default_decision

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


def test_units_that_were_made_up_have_none(tmp_path):
    (tmp_path / "areas.csv").write_text("code,name,kind,parent,since\nQ1,Xã Tự Đặt,commune,,2025-07-01\n", "utf-8")
    (tmp_path / "cards.csv").write_text("area,as_of,group,cards\nQ1,2026-09-30,poor,100\n", "utf-8")
    data = bhyt.load(tmp_path)
    assert data.targets.empty
    assert data.zones.empty


def input_of(tmp_path, commune):
    (tmp_path / "cards.csv").write_text(CARDS.replace("Xã Bát Xát", commune), "utf-8")
    return bhyt.load(tmp_path)


def test_an_input_without_zones_has_those_of_the_decision_of_its_province(tmp_path, capsys):
    data = input_of(tmp_path, "Xã Bát Xát")
    zones = data.zones[data.zones["area"] == "02683"]
    # Decision 2752/QĐ-UBND of Lào Cai: Bát Xát is of zone II from 31 December 2025
    assert zones[["decision", "zone", "status"]].to_numpy().tolist() == [["2752", "II", "derived"]]
    assert default_decision(data, "Xã Bát Xát") == "2752"
    assert main(["check", str(tmp_path)]) == 0
    line = "Khu vực       tệp không có; lấy khu vực đã công bố của 99 xã, phường (2752/QĐ-UBND)"
    assert line in capsys.readouterr().out


def test_what_if_starts_from_the_published_zone(tmp_path):
    # Decision 60/QĐ-BDTTG: Quỳ Châu in Nghệ An is of zone III
    rezoned = bhyt.rezone(input_of(tmp_path, "Xã Quỳ Châu"), {"Xã Quỳ Châu": "I"}, since="01/01/2027")
    assert bhyt.reclassify(rezoned, "rezone")[["zone_before", "zone_after"]].to_numpy().tolist() == [["III", "I"]]


def test_zones_of_the_input_are_the_only_ones(tmp_path):
    zones = "Đơn vị,Quyết định,Khu vực,Từ ngày,Nguồn\nXã Bát Xát,Dự thảo,Khu vực I,01/01/2027,dự thảo\n"
    (tmp_path / "zones.csv").write_text(zones, "utf-8")
    assert input_of(tmp_path, "Xã Bát Xát").zones["decision"].tolist() == ["Dự thảo"]
