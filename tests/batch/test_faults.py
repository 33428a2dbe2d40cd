"""Faults affect their own area only: real faults, in real processes."""

import os
import shutil
import signal
import sys

import pytest

from ..notebook_runs import BatchRun
from ..waiting import run as run_process
from ..waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is killed here is looked for in /proc")

# One fault for each area; what is not named here is sound. 536 is Lý Sơn and so on.
FAULTS = {
    "536": "import ctypes\nctypes.string_at(0)",
    "530": "import os\nos._exit(3)",
    "531": "import sys\nsys.exit(0)",
    "529": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "533": 'import re\nre.match("(a+)+$", "a" * 60 + "b")  # in C, with the lock of the interpreter held',
    "534": 'for i in range(50):\n    print("x" * 999_999)',
    "535": "import numpy\nnumpy.ones(3 * 2**30 // 8)",
}
KILLED_WORKER = "import os, signal, time\nos.kill(int(os.environ['JPY_PARENT_PID']), signal.SIGKILL)\ntime.sleep(600)"
FAULTY = [*FAULTS, "524", "526"]
SLEEP = (
    'import subprocess\nfor alone in (False, True):\n    subprocess.Popen(["sleep", "3671"], start_new_session=alone)\n'
)


def cell(faults):
    return (
        "".join(f'if area == "{code}":\n    ' + s.replace("\n", "\n    ") + "\n" for code, s in faults.items()) or "0"
    )


@pytest.fixture(scope="module", params=["warm", "standard"])
def run(request, tmp_path_factory):
    """A batch in which every area but one has its fault, and each has left processes running."""
    folder = tmp_path_factory.mktemp(request.param)
    source = cell({"524": KILLED_WORKER}) + SLEEP + cell(FAULTS)
    batch = BatchRun(folder, source, engine=request.param, areas=FAULTY, timeout=8, memory_mb=2000, jobs=2)
    return request.param, batch, dict(zip(FAULTY, batch.wait_for_areas().items(), strict=True))


NO_MEMORY = "There is not enough memory; close other programs, use fewer --jobs or raise --memory, "
NO_MEMORY += "and run the command again"
ENDINGS = {
    "536": ("failed", "The notebook's process died (signal SIGSEGV)"),
    "530": ("failed", "The notebook's process ended before it was done (status 3)"),
    "531": ("failed", "A cell called sys.exit(), the cells after it did not run"),
    "529": ("failed", "The notebook's process died (signal SIGKILL)"),
    "533": ("timeout", "A cell ran for more than 8 seconds"),
    "534": ("failed", "A cell showed more than 20 MB; the rest was cut off"),
    "535": ("failed", NO_MEMORY),
    "524": ("failed", "The process that made the briefing died"),
    "526": ("done", None),
}


@pytest.mark.parametrize("code", ENDINGS)
def test_each_fault_is_one_sentence_and_the_rest_go_on(run, code):
    _, _, areas = run
    slug, ending = areas[code]
    assert ending == ENDINGS[code], slug


def test_only_what_is_done_has_a_folder(run):
    _, batch, areas = run
    done = {slug for slug, ending in areas.values() if ending[0] == "done"}
    assert {p.name for p in batch.out.iterdir() if p.is_dir()} == {*done, ".bhyt"}  # and no .work


def test_no_process_that_a_cell_has_left_outlives_the_batch(run):
    _, batch, _ = run
    left = batch.remaining_processes(10)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == {}


@pytest.mark.parametrize("group", [False, True])
def test_after_kill_9_of_the_batch_nothing_is_left_running(tmp_path, group):
    source = SLEEP + 'import pathlib, time\npathlib.Path(out, "here").touch()\ntime.sleep(600)'
    batch = BatchRun(tmp_path, source, areas=["536", "530"], jobs=2)
    try:
        wait_until(lambda: len(list(batch.out.glob(".work/*/here"))) == 2 or batch.process.poll() is not None)
        assert batch.process.poll() is None, batch.errors.read_text()
        # workers, their warmed processes, kernels, what these have started
        assert len(batch.remaining_processes()) >= 2 + 2 + 2 + 4
    finally:
        (os.killpg if group else os.kill)(batch.process.pid, signal.SIGKILL)
        batch.process.wait(60)
    left = batch.remaining_processes(20)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == {}
    assert {p.name for p in batch.out.iterdir()} == {".work", ".bhyt"}


def test_a_kernel_that_kills_the_warm_process_takes_no_other_area_along(tmp_path):
    kill = "import os, signal, time\ntime.sleep(1)\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(600)"
    slow = "import time\ntime.sleep(4)"  # it is running when its kernel is taken from it
    batch = BatchRun(tmp_path, cell({"536": kill, "530": slow}), areas=["536", "530", "531"], jobs=2)
    areas = batch.wait_for_areas()
    assert [status for status, _ in areas.values()] == ["failed", "done", "done"]
    assert areas["ly-son"][1] == "The notebook's process died (signal SIGKILL)"
    assert batch.remaining_processes(10) == {}


def test_without_a_warm_process_the_standard_engine_makes_all_areas(tmp_path):
    started = 'assert b"zygote" not in open(f"/proc/{__import__(\'os\').getppid()}/cmdline", "rb").read()'
    edit = ("engine/zygote.py", "    load_libraries(config.libraries)", "    raise OSError('no libraries')")
    batch = BatchRun(tmp_path, started, edits=[edit], areas=["536", "530"], jobs=2)
    assert list(batch.wait_for_areas().values()) == [("done", None)] * 2
    errors = [line for line in batch.errors.read_text().splitlines() if "warm engine" in line]
    assert len(errors) == 1 and "The warm engine could not start (OSError: no libraries); the standard" in errors[0]
    assert batch.remaining_processes(10) == {}


def test_a_rehearsal_that_hangs_in_c_ends_and_no_area_is_lost(tmp_path):
    hang = 'import os, re\nif not os.environ.get("JPY_PARENT_PID"):\n    re.match("(a+)+$", "a" * 60 + "b")'
    short = ("engine/config.py", "rehearsal_seconds: int = 60", "rehearsal_seconds: int = 3")
    always = ("batch/scheduler.py", "REHEARSAL_FROM = 3", "REHEARSAL_FROM = 1")
    batch = BatchRun(tmp_path, hang, edits=(short, always), areas=["536", "530"], jobs=2)
    assert list(batch.wait_for_areas().values()) == [("done", None)] * 2
    assert batch.remaining_processes(10) == {}


def test_a_whole_notebook_has_a_limit_too(tmp_path):
    source = "import time\nfor _ in range(100):\n    time.sleep(0.1)"
    batch = BatchRun(tmp_path, source, source, areas=["536"], jobs=1, timeout=60, notebook_timeout=12)
    assert list(batch.wait_for_areas().values()) == [("timeout", "The notebook ran for more than 12 seconds")]


def test_a_full_disk_is_reported_and_leaves_no_half_written_area(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = run_process(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk]).returncode == 0

    def limit():  # without a disk of its own, files of the same size can't be written
        if not mounted:
            import resource

            resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))

    fill = (
        'import pathlib\nwith open(pathlib.Path(out, "big"), "wb") as file:\n'
        "    for _ in range(80):\n        file.write(bytes(100_000))"
    )
    without_error = "\n".join(["try:", *("    " + line for line in fill.splitlines()), "except OSError:", "    pass"])
    try:
        source = cell({"536": fill, "530": without_error + '\nprint("x" * 4_000_000)'})
        areas = BatchRun(
            tmp_path, source, out=disk / "out", preexec=limit, areas=["536", "530", "531"], jobs=1
        ).wait_for_areas()
        assert [status for status, _ in areas.values()] == ["failed", "failed", "done"]
        for slug in ("ly-son", "son-tay"):
            assert "the disk is full, so this was not written; free some space" in areas[slug][1]
            assert not (disk / "out" / slug).exists()
    finally:
        if mounted:
            run_process(["umount", disk], check=True)


CODES = ["536", "530"]
CHECK = ("batch/engine_check.py", "AREAS = 8", "AREAS = 2")  # a batch of two areas is checked too
# A kernel that was forked is a child of one that was started with -c.
STARTED = 'import os\nprint("forked" if b"zygote" in open(f"/proc/{os.getppid()}/cmdline", "rb").read() else "started")'


def test_engines_that_differ_are_reported_and_the_standard_one_is_used(tmp_path):
    load_and_spoil = "import_module('pandas').set_option('display.max_rows', 7)"
    edit = ("engine/zygote.py", '    import_module("pandas")\n', f'    import_module("pandas")\n    {load_and_spoil}\n')
    batch = BatchRun(tmp_path, STARTED, edits=[edit, CHECK], areas=CODES, jobs=1)
    areas = batch.wait_for_areas()
    assert set(areas.values()) == {("done", None)}
    errors = batch.errors.read_text()
    assert "The warm engine gives another result than the standard one (cell 8)" in errors
    assert "the batch goes on with the standard one" in errors
    for slug in areas:
        assert '"started\\n"' in (batch.out / slug / f"{slug}.ipynb").read_text("utf-8")
    assert not (batch.out / ".work").exists()


def test_engines_that_agree_are_compared_once_and_not_reported(tmp_path):
    for _ in range(2):
        batch = BatchRun(tmp_path, STARTED, edits=[CHECK], areas=CODES, jobs=1, fresh=True)
        areas = batch.wait_for_areas()
        assert set(areas.values()) == {("done", None)}
        assert batch.errors.read_text() == ""
        for slug in areas:
            assert '"forked\\n"' in (batch.out / slug / f"{slug}.ipynb").read_text("utf-8")
        assert len([*(tmp_path / "cache").rglob("engines_agree/*")]) == 1
        shutil.rmtree(tmp_path / "package")


@pytest.mark.parametrize("times", [1, 2])
def test_a_check_that_is_killed_is_begun_again_once(tmp_path, times):
    die = f"import os, signal; open('{tmp_path}/died', 'a').write('x'); n = os.path.getsize('{tmp_path}/died'); "
    die += f"os.kill(os.getpid(), signal.SIGKILL) if n <= {times} else None; "
    edit = ("batch/engine_check.py", '"import numpy', f'"{die}import numpy')
    batch = BatchRun(tmp_path, STARTED, edits=[edit, CHECK], areas=CODES, jobs=1)
    assert set(batch.wait_for_areas().values()) == {("done", None)}
    errors = batch.errors.read_text()
    assert ("could not be compared with the standard one" in errors) == (times == 2)
    assert len([*(tmp_path / "cache").rglob("engines_agree/*")]) == (times == 1)
