"""The command line: names, help in two languages, choices from the library, completion, errors of a call."""

import json
import os
import re
import sys

import pytest

from bhyt_analysis.batch.options import ENGINES
from bhyt_analysis.cli import cli, main
from bhyt_analysis.documents.formats import FORMATS
from bhyt_analysis.model.targets.allocation import METHODS

from .waiting import run as run_process

COMMANDS = [
    "brief", "check", "template", "audit", "reclassify", "allocate", "simulate", "monitor", "premium", "law", "explore",
    "synthetic", "release", "verify",
]  # fmt: skip


def test_the_commands_are_those_of_the_manual():
    assert list(cli.commands) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command, capsys):
    assert main([command, "--help", "--lang", "en"]) == 0
    help_en = capsys.readouterr().out
    assert f"Example: bhyt {command} " in help_en
    assert "Usage: bhyt" in help_en
    assert main([command, "--help", "--lang", "vi"]) == 0
    help_vi = capsys.readouterr().out
    assert f"Ví dụ: bhyt {command} " in help_vi
    for word in ("Usage", "Options", "required", "default", "example"):
        assert word not in help_vi
    options = [o for p in cli.commands[command].params for o in p.opts if o.startswith("--")]
    assert "--lang" in options
    for option in options:
        assert option in help_en
        assert option in help_vi


def test_version_is_printed(capsys):
    assert main(["--version"]) == 0
    assert re.fullmatch(r"bhyt \d+\.\d+\.\d+\n", capsys.readouterr().out)


@pytest.mark.parametrize(("locale", "words"), [("vi_VN.UTF-8", "Cách dùng"), ("C.UTF-8", "Usage"), ("en_US", "Usage")])
def test_help_without_lang_follows_the_locale(locale, words, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", locale)
    assert main(["--help"]) == 0
    assert capsys.readouterr().out.startswith(words)


@pytest.mark.parametrize(
    "call", [["--lang", "en", "--help"], ["--help", "--lang=en"], ["--lang", "en", "law", "--help"]]
)
def test_the_language_may_come_before_the_command(call, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "vi_VN.UTF-8")
    assert main(call) == 0
    assert capsys.readouterr().out.startswith("Usage: bhyt")


def test_help_lists_the_choices_of_the_library(capsys):
    main(["allocate", "--help", "--lang", "en"])
    text = " ".join(capsys.readouterr().out.split()).replace("- ", "-")
    assert ", ".join(METHODS) in text
    main(["brief", "--help", "--lang", "en"])
    text = " ".join(capsys.readouterr().out.split())
    assert ", ".join(FORMATS) in text
    assert ", ".join(ENGINES) in text


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (["alocate"], "Không có lệnh «alocate»; có phải là allocate?"),
        (["allocate", "--ratte", "1"], "Lệnh không có tùy chọn --ratte; có phải là --rate?"),
        (["allocate", "--area", "X001", "--on", "2022-06-30"], "Thiếu --rate; xem bhyt allocate --help."),
        (["check"], "Thiếu INPUT; xem bhyt check --help."),
        (["simulate", "--area", "X001", "--draws", "-1"], "--draws: «-1» không phải là số nguyên từ 0 trở lên."),
        (["allocate", "--rate", "chín"], "--rate: “chín” không phải là tỷ lệ; hãy ghi như 90,6%, 90,6 hoặc 0,906."),
        (["allocate", "--method", "best"], "--method: «best» không có trong danh sách: " + ", ".join(METHODS) + "."),
        (["allocate", "--method", "levelup"], "--method: không có «levelup»; có phải là level-up? Danh sách: share"),
        (["law", "--on", "2026-11-22", "--household", "3"], "Lệnh không có tùy chọn --household; xem bhyt law --help."),
        (
            ["premium", "--on", "2026-11-22", "--group", "near_por"],
            "--group: không có «near_por»; gần giống nhất: near_poor",
        ),
        (["--foo"], "Lệnh không có tùy chọn --foo; xem bhyt --help."),
        (["brieff"], "Không có lệnh «brieff»; có phải là brief?"),
        (["briefing"], "Không có lệnh «briefing»; có phải là brief?"),
        (["brief", "--output", "x"], "Lệnh không có tùy chọn --output; có phải là --out?"),
        (["allocate", "--rate", "-5%"], "--rate: “-5%” là số âm; hãy ghi tỷ lệ từ 0% đến 100%, như 90,6% hoặc 0,906."),
        (["allocate", "--rate", "930"], "--rate: “930” lớn hơn 100%; hãy ghi tỷ lệ như 90,6%, 90,6 hoặc 0,906."),
        (["law", "--on", "31/02/2022"], "--on: Không có ngày “31/02/2022”: tháng 2/2022 chỉ có 28 ngày."),
        (["law", "--on", "06/30/2022"], "--on: “06/30/2022”: không có tháng 30; hãy ghi ngày trước, tháng sau"),
        (["law", "--on", "30/6/22"], "--on: “30/6/22”: hãy ghi đủ bốn chữ số của năm, như 30/06/2022."),
        (["law", "--on", "hôm nay"], "--on: “hôm nay” không phải là ngày; hãy ghi như 30/06/2022 hoặc 2022-06-30."),
        (["brief", "--out", "x", "--as-of", "30/2/2022"], "--as-of: Không có ngày “30/2/2022”"),
        (["monitor", "--month", "2022-13"], "--month: “2022-13”: không có tháng 13"),
        (["monitor", "--month", "quý 2"], "--month: “quý 2” không phải là tháng; hãy ghi như 06/2022 hoặc 2022-06."),
        (
            ["brief", "--out", "x", "--formats", "html,ppt"],
            "--formats: không có «ppt»; có phải là pptx? Danh sách: html",
        ),
    ],
)
def test_a_wrong_call_is_one_sentence_and_exit_status_2(call, message, capsys):
    assert main(call) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(message)
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("rate", "on"),
    [
        ("0.93", "2022-06-30"),
        ("0,93", "30/06/2022"),
        ("93%", "30-6-2022"),
        ("93,0 %", "30.6.2022"),
        ("93", "2022/6/30"),
    ],
)
def test_shares_and_dates_as_people_write_them(rate, on, capsys):
    assert main(["allocate", "--area", "X001", "--on", on, "--rate", rate]) == 0
    rows = {line[:6]: line.split() for line in capsys.readouterr().out.splitlines()}
    assert rows["X00101"][-3] == "3.351"  # Mẫu 01 is above 93% and keeps its people
    assert "4.096" in rows["X00102"]  # 3,533 of 4,302 people, and 73% of the 769 others, as of all communes below 93%
    assert rows["      "] == ["Cộng", "64.897", "49.505", "60.355", "93,0%", "+10.850"]  # 0.93 of 64,897 is 60,354.2


def test_allocate_prints_the_day_of_the_cards_and_not_that_asked_for(capsys):
    """The last cards of X001 are of 30 June 2022."""
    calls = {"31/12/2027": True, "01/08/2022": True, "15/07/2022": False, "30/06/2022": False, None: False}
    for on, warned in calls.items():
        assert main(["allocate", "--area", "X001", "--rate", "95%", *(["--on", on] if on else [])]) == 0
        printed = capsys.readouterr()
        assert printed.out.startswith("Số thẻ ngày 30/06/2022; chỉ tiêu 95%\n")
        assert printed.err.startswith("Số thẻ mới nhất là của ngày 30/06/2022;" if warned else "")
        assert bool(printed.err) == warned


@pytest.mark.parametrize(
    ("words", "offered"),
    [("bhyt mon", {"monitor"}), ("bhyt allocate --method e", {"equal-rate", "equal-points"})],
)
def test_the_shell_completes_commands_and_choices(words, offered):
    environment = dict(os.environ, _BHYT_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(words.count(" ")))
    code = "import sys; from bhyt_analysis.cli import main; sys.exit(main())"
    run = run_process([sys.executable, "-c", code], env=environment)
    assert {line.split(",")[1] for line in run.stdout.splitlines()} == offered


def test_bhyt_alone_prints_its_help(capsys):
    assert main([]) == 2
    assert "reclassify" in capsys.readouterr().err


PHONG_VAN = "07537 là xã Biên Sơn, tỉnh Bắc Ninh; trước 01/07/2025 mã này là xã Phong Vân, huyện Lục Ngạn "
OTHER_UNITS = [  # the days and units are those of Resolutions 202/2025/QH15 and 1658/NQ-UBTVQH15
    (["law", "--on", "2026-11-22", "--area", "07537"], PHONG_VAN + "(chọn đơn vị đó: 07537@2025-06-30)."),
    (["premium", "--on", "2026-11-22", "--area", "07537"], PHONG_VAN + "(chọn đơn vị đó: 07537@2025-06-30)."),
    (["premium", "--on", "2021-12-31", "--area", "07537"],
     "07537 là xã Phong Vân, huyện Lục Ngạn; từ 01/07/2025 mã này là xã Biên Sơn, tỉnh Bắc Ninh "
     "(chọn đơn vị đó: 07537)."),
    (["audit", "--area", "24", "--lang", "en"],
     "24 is Bắc Ninh province; before 1 July 2025 this code was Bắc Giang province (to choose it: 24@2025-06-30)."),
    (["reclassify", "--decision", "861", "--area", "Lục Ngạn"],
     "Lục Ngạn là huyện Lục Ngạn, tỉnh Bắc Giang; từ 01/07/2025 tên này là xã Lục Ngạn, tỉnh Bắc Ninh "
     "(chọn đơn vị đó: 07582)."),
    (["simulate", "--area", "Sơn Dương", "--draws", "0"],
     "Sơn Dương là huyện Sơn Dương, tỉnh Tuyên Quang; từ 01/07/2025 tên này là xã Sơn Dương, tỉnh Tuyên Quang "
     "(chọn đơn vị đó: 02536)."),
    (["monitor", "--area", "076@2025-06-30"], ""),
    (["law", "--on", "2026-11-22", "--area", "07537@30/06/2025"], ""),
    (["premium", "--on", "2026-11-22", "--area", "Lào Cai"], ""),  # the province went on under its name
    (["premium", "--on", "2026-11-22", "--area", "Xã Biên Sơn"], ""),  # joined by another, of the same name
    (["allocate", "--area", "X001", "--on", "2022-06-30", "--rate", "93%"], ""),
]  # fmt: skip


@pytest.mark.parametrize(("call", "line"), OTHER_UNITS)
def test_a_code_or_name_that_was_reused_gets_a_line(call, line, capsys):
    assert main(call) in (0, 1)
    assert capsys.readouterr().err == (f"{line}\n" if line else "")


@pytest.mark.slow
def test_briefings_of_a_reused_code_and_of_a_unit_of_the_country(tmp_path, capsys, build_here):
    names = ["--area", "07537", "--area", "Xã Tân Lập, tỉnh Quảng Trị"]  # 14,418 registered people
    assert main(["brief", "--out", str(tmp_path), *names]) == 0
    assert PHONG_VAN in capsys.readouterr().err
    facts = json.loads((tmp_path / "xa-tan-lap-19462" / "facts.json").read_text("utf-8"))
    assert {f["key"]: f["value"] for f in facts["facts"]}["population"] == 14_418


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("template t.csv", "FILE.xlsx: «t.csv» phải có đuôi .xlsx, ví dụ t.xlsx."),
        ("reclassify --decision 861 --csv x.xlsx", "--csv: «x.xlsx» phải có đuôi .csv, ví dụ x.csv."),
        ("allocate --area X001 --on 30/6/2022 --rate 93 --csv x", "--csv: «x» phải có đuôi .csv, ví dụ x.csv."),
        ("check a.xlsx --annotate x.csv", "--annotate: «x.csv» phải có đuôi .xlsx, ví dụ x.xlsx."),
        ("check a.xlsx --answers x.txt", "--answers: «x.txt» phải có đuôi .toml, ví dụ x.toml."),
        ("brief --out x.html", "--out: «x.html» là một tệp; ở đây cần tên một thư mục"),
        ("synthetic --districts 1 --out x.zip", "--out: «x.zip» là một tệp; ở đây cần tên một thư mục"),
        ("reclassify in --decision 861 --csv in/x.csv", "in/x.csv nằm trong thư mục đầu vào in"),
        ("reclassify so.csv --decision 861 --csv so.csv", "so.csv là tệp đầu vào và không được ghi đè"),
    ],
)
def test_output_of_another_kind_is_refused_and_nothing_is_written(call, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "so.csv").write_text("area\n", encoding="utf-8")
    assert main(call.split()) == 2
    assert message in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["in", "so.csv"]
    assert (tmp_path / "so.csv").read_text(encoding="utf-8") == "area\n"


def test_an_existing_template_is_not_overwritten(tmp_path, capsys):
    file = tmp_path / "t.xlsx"
    assert main(["template", str(file)]) == 0
    before = file.read_bytes()
    assert main(["template", str(file)]) == 2
    assert "đã có tệp này nên không ghi đè" in capsys.readouterr().err
    assert file.read_bytes() == before
