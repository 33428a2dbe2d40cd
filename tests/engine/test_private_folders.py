"""Folders of processes that were killed are deleted by the next process, and no others."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bhyt_analysis.engine import private_folders

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no locks of folders on Windows")
HOLD = (
    "import sys, time; from bhyt_analysis.engine.private_folders import create_folder\n"
    "print(create_folder(), flush=True); time.sleep(600)"
)


@pytest.fixture
def temporary(tmp_path_factory, monkeypatch):
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as folder:  # the path of a socket is short
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", None)
        private_folders.delete_abandoned_folders.cache_clear()
        yield Path(folder)
    monkeypatch.undo()
    private_folders.delete_abandoned_folders.cache_clear()


def test_only_the_folder_of_a_killed_process_is_deleted(temporary):
    processes = [subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        killed, running = (Path(p.stdout.readline().strip()) for p in processes)
        (killed / "k-1").touch()
        os.kill(processes[0].pid, signal.SIGKILL)
        processes[0].wait(60)
        others = [temporary / "bhyt-run-of the user", temporary / "bhyt-results"]
        for other in others:
            other.mkdir()
        assert killed.exists()
        with private_folders.private_folder() as own:
            assert {p for p in temporary.iterdir() if p.is_dir()} == {Path(own), running, *others}
            assert Path(own).stat().st_mode & 0o777 == 0o700
        assert not Path(own).exists()
    finally:
        for process in processes:
            process.kill()
            process.communicate(timeout=60)


def test_a_link_with_such_a_name_is_left_alone(temporary):
    (temporary / "data").mkdir()
    (temporary / "bhyt-run-abcdefgh").symlink_to(temporary / "data")
    with private_folders.private_folder():
        assert (temporary / "data").is_dir()
        assert (temporary / "bhyt-run-abcdefgh").is_symlink()
