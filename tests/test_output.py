"""The end of who reads our output, closed streams, and what the system refuses: exit status and sentences."""

import errno
import json
import os
import subprocess
import sys
import unicodedata

import pytest

from bhyt_analysis.cli import main
from bhyt_analysis.i18n.failures import REASONS, cell_failure, failure
from bhyt_analysis.i18n.output import Output

from .notebook_runs import copy_package
from .waiting import SECONDS
from .waiting import run as run_process

BHYT = [sys.executable, "-m", "bhyt_analysis.cli"]
posix_only = pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX closes the streams")


def closed_pipe():
    """Return the end of a pipe whose reader has ended."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


@pytest.mark.parametrize(("call", "status"), [(["law", "--on", "2026-11-22"], 0), (["law"], 2), (["check", "none"], 2)])
def test_a_reader_that_has_gone_does_not_change_the_status(call, status):
    with os.fdopen(closed_pipe(), "w") as pipe:
        run = subprocess.run([*BHYT, *call], stdout=pipe, stderr=pipe, timeout=SECONDS)
    assert run.returncode == status


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device that is always full")  # noqa: PTH110
def test_output_that_cannot_be_written_is_an_error():
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123
        call = [*BHYT, "law", "--on", "2026-11-22", "--lang", "en"]
        run = subprocess.run(call, stdout=full, stderr=subprocess.PIPE, text=True, timeout=SECONDS)
        assert (run.returncode, run.stderr.count("\n")) == (2, 1)
        assert run.stderr.startswith("The output of the command: the disk is full")
        errors = Output(full, is_result=False, lang="vi")
        errors.write("x")
        errors.flush()  # there is no other place to say so


@pytest.mark.parametrize(
    "error",
    [
        BrokenPipeError(errno.EPIPE, "Broken pipe"),
        ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
        EOFError(),
        RuntimeError("can't start new thread"),
        MemoryError(),
        OSError(errno.ENOSPC, "No space left on device", "out/manifest.json"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_broken_process_of_ours_is_never_a_success(error, monkeypatch, capsys):
    def fail(*_):
        raise error

    monkeypatch.setattr("bhyt_analysis.batch.runner.run_batch", fail)
    assert main(["brief", "--out", "x"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == failure(error).text("vi") + "\n"


@posix_only
@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&- <&-"])
def test_a_batch_without_standard_streams_makes_its_areas(closed, tmp_path):
    package = copy_package(tmp_path)
    call = [*BHYT, "brief", "--out", str(tmp_path / "out"), "--area", "Lý Sơn", "--jobs", "1"]
    environment = {**os.environ, "PYTHONPATH": str(package)}
    run = run_process(["sh", "-c", f'exec "$@" {closed}', "sh", *call], env=environment, cwd=tmp_path)
    assert run.returncode == 0
    assert run.stdout == ("" if ">&- 2" in closed else f"{tmp_path / 'out' / 'index.html'}\n")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert [a["status"] for a in manifest["areas"]] == ["done"]
    assert (tmp_path / "out" / ".bhyt" / "lock").read_bytes() == b""  # no message went where another file was


def test_each_error_of_the_system_is_a_sentence_in_the_language():
    numbers = {name: getattr(errno, name) for names in REASONS.values() for name in names if hasattr(errno, name)}
    for name, number in {**numbers, "EXDEV": errno.EXDEV}.items():
        error = OSError(number, os.strerror(number), "thu-muc/a.docx")
        vi, en = failure(error).text("vi"), failure(error).text("en")
        for text in (vi, en):
            assert os.strerror(number) not in text, name
            assert "Errno" not in text
        assert vi != en
        sent = cell_failure(type(error).__name__, str(error))
        assert sent.text("vi") == vi  # the same from a kernel, which sends only a text


def test_an_error_without_a_file_names_the_folder_that_was_written():
    text = failure(OSError(errno.ENOSPC, "No space left on device"), "out/ly-son").text("vi")
    assert text.startswith("out/ly-son: ổ đĩa đã đầy")
    assert "None" not in failure(OSError(errno.EACCES, "Permission denied")).text("vi")


def test_an_error_of_a_cell_is_its_own_text_on_one_line():
    assert cell_failure("ValueError", "a\n  b").text("vi") == "ValueError: a b"
    error = type("CellExecutionError", (Exception,), {"ename": "KeyError", "evalue": "'x'"})()
    assert failure(error).text("en") == "KeyError: 'x'"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (["law", "--on"], "--on cần một giá trị đi sau; xem --help."),
        (["law", "--on", "2026-11-22", "--json=3"], "--json không có giá trị đi kèm; xem --help."),
        (["law", "--on", "2026-11-22", "x", "y"], "Lệnh không nhận «x y»; xem bhyt law --help."),
    ],
)
def test_a_wrong_call_is_not_said_in_the_words_of_the_parser(call, sentence, capsys):
    assert main(call) == 2
    assert capsys.readouterr().err == sentence + "\n"


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp1252", "Tiêng Viêt: Xã Dông Côc, Huyên Luc Ngan"),
        ("cp1258", "Tiếng Việt: Xã Đồng Cốc, Huyện Lục Ngạn"),
        ("cp437", "Tiêng Viêt: Xa Dông Côc, Huyên Luc Ngan"),
        ("ascii", "Tieng Viet: Xa Dong Coc, Huyen Luc Ngan"),
        ("utf-8", "Tiếng Việt: Xã Đồng Cốc, Huyện Lục Ngạn"),
    ],
)
def test_a_code_page_without_vietnamese_keeps_the_letters(encoding, words):
    code = "import sys; from bhyt_analysis.i18n.output import guarded_streams\n"
    code += "with guarded_streams('vi'): print('Tiếng Việt: Xã Đồng Cốc, Huyện Lục Ngạn')"
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, timeout=SECONDS)
    assert (run.returncode, run.stderr) == (0, b"")
    assert unicodedata.normalize("NFC", run.stdout.decode(encoding).strip()) == words


@pytest.mark.parametrize("encoding", ["cp1252", "cp1258", "cp437"])
@pytest.mark.parametrize(
    ("call", "status"),
    [
        (["reclassify", "--decision", "861", "--area", "X001"], 0),
        (["audit", "--area", "Sơn Dương", "--json"], 0),
        (["law", "--on", "hôm nay"], 2),
        (["simulate", "--help", "--lang", "vi"], 0),
    ],
)
def test_no_command_fails_on_a_windows_code_page(call, status, encoding):
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    run = subprocess.run([*BHYT, *call], env=environment, capture_output=True, timeout=SECONDS)
    text = (run.stdout + run.stderr).decode(encoding)
    assert (run.returncode, "Traceback" in text, "?" in text.replace("--help", "")) == (status, False, False)
    if "--json" in call:  # for programs: nothing is lost
        assert "cùng một chỉ số" in " ".join(finding["message"] for finding in json.loads(run.stdout)).casefold()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (32, "đang mở trong chương trình khác"),
        (112, "ổ đĩa đã đầy"),
        (123, "ký tự mà hệ thống không nhận"),
        (206, "dài quá mức"),
    ],
)
def test_what_windows_refuses_is_a_sentence(number, words):
    error = OSError(errno.EINVAL, "The process cannot access the file", "bang.csv")
    error.winerror = number
    assert failure(error).text("vi").startswith("bang.csv: ")
    assert words in failure(error).text("vi")
    sent = cell_failure("PermissionError", f"[WinError {number}] The process cannot access the file: 'bang.csv'")
    assert sent.text("vi") == failure(error).text("vi")


def test_a_settings_file_that_may_not_be_read_is_not_called_missing(tmp_path, monkeypatch, capsys):
    file = tmp_path / "k.toml"
    file.write_text('name = "x"', encoding="utf-8")

    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied", str(file))

    monkeypatch.setattr("bhyt_analysis.ingest.file_kinds.read_content", refuse)
    assert main(["simulate", "--area", "X001", "--scenario", str(file)]) == 2
    captured = capsys.readouterr().err
    assert "không được phép đọc hoặc ghi" in captured
    assert "Permission" not in captured
