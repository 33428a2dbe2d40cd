"""What a batch leaves and says when it is stopped, or when the system refuses what it needs."""

import errno
import json
import os
import signal
import sys

import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.batch import build_record, runner
from bhyt_analysis.batch.options import BatchOptions
from bhyt_analysis.batch.plan import MAX_LETTERS, folder_name
from bhyt_analysis.batch.stop_signals import StopSignals
from bhyt_analysis.i18n.messages import BhytError

from ..notebook_runs import BatchRun
from ..waiting import wait_until

AREAS = ["Lý Sơn", "Sơn Tây"]


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_to_end_keeps_what_is_complete(name, tmp_path):
    number = getattr(signal, name)
    batch = BatchRun(tmp_path, 'import time\nif area != "536":\n    time.sleep(600)', areas=AREAS, jobs=1)
    try:
        wait_until(lambda: (batch.out / "ly-son").exists() or batch.process.poll() is not None)
        batch.process.send_signal(number)
        areas = batch.wait_for_areas()
    finally:
        batch.process.kill()
    assert batch.process.returncode == 128 + number
    assert areas == {"ly-son": ("done", None), "son-tay": ("failed", "Stopped on request before it was made")}
    assert "ly-son/ly-son.html" in (batch.out / "index.html").read_text("utf-8")
    assert not (batch.out / ".work").exists()
    assert batch.remaining_processes(30) == {}


def test_a_signal_waits_while_the_record_is_written():
    steps = []
    with pytest.raises(SystemExit) as end, StopSignals() as stop:
        with stop.deferred():
            signal.raise_signal(signal.SIGTERM)
            steps.append("written")
        steps.append("not reached")
    assert (steps, end.value.code) == (["written"], 143)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_signal_that_the_program_handles_itself_stays_so():
    received = []
    before = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    try:
        with StopSignals():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert received == [signal.SIGTERM]


FAILURES = [
    (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
    (BrokenPipeError(errno.EPIPE, "Broken pipe"), "A process of this program ended suddenly"),
    (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "A process of this program ended suddenly"),
    (RuntimeError("can't start new thread"), "The system allows no more processes or threads"),
    (MemoryError(), "There is not enough memory"),
]


@pytest.mark.parametrize(("error", "words"), FAILURES, ids=[type(error).__name__ for error, _ in FAILURES])
def test_each_area_has_the_reason_that_ended_the_batch(error, words, small_input, tmp_path, monkeypatch):
    def fail(*_):
        raise error
        yield

    monkeypatch.setattr(runner, "build_all", fail)
    out = tmp_path / "out"
    with pytest.raises(BhytError) as raised:
        runner.run_batch(small_input, out, None, BatchOptions(engine="standard", lang="en"))
    first, last = raised.value.text("en").split("\n")
    assert words in first
    assert last.startswith(f"{out}: the areas that were finished are in their place")
    for text in (first, raised.value.text("vi")):
        assert not any(word in text for word in ("None", "No space", "pipe", "peer", "can't", "Error"))
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert manifest["areas"][0]["error"] == f"Not made, because the batch ended: {first}"
    assert (out / "index.html").is_file()


def test_a_full_disk_names_the_file_and_not_its_copy(tmp_path, monkeypatch):
    def fill(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", fill)
    with pytest.raises(OSError, match="manifest") as raised:
        build_record.write_atomically(tmp_path / "manifest.json", "x")
    assert raised.value.filename == str(tmp_path / "manifest.json")


def test_a_folder_that_is_a_file_is_a_sentence(small_input, tmp_path, build_here):
    (tmp_path / "out").write_text("x", "utf-8")
    with pytest.raises(BhytError, match="out: a folder is needed here, but there is a file"):
        bhyt.run_batch(small_input, tmp_path / "out", None, BatchOptions())


def test_names_of_units_become_names_that_file_systems_take(small_input, tmp_path, build_here):
    path = small_input / "areas.csv"
    path.write_text(path.read_text("utf-8").replace("Huyện Một", "Huyện " + "Rất dài " * 40), "utf-8")
    manifest = bhyt.run_batch(small_input, tmp_path / "out", options=BatchOptions(jobs=1))
    assert [a["error"] for a in manifest["areas"]] == [None]
    slug = manifest["areas"][0]["slug"]
    assert len(slug) <= MAX_LETTERS
    assert (tmp_path / "out" / slug / f"{slug}.html").is_file()


def test_long_names_that_begin_alike_stay_different():
    names = [folder_name("a" * 300 + ending) for ending in ("", "b", "c")]
    assert len(set(names)) == 3
    assert max(map(len, names)) <= MAX_LETTERS
    assert folder_name("nul") == "nul_"  # a device on Windows
    assert os.sep not in names[0]
