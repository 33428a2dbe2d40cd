"""What is complete is not built again; what has changed is; nothing is lost when a batch is killed."""

import dataclasses
import json
import os
import signal
import subprocess
import sys

import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.batch import build, build_record, plan
from bhyt_analysis.batch.options import BatchOptions
from bhyt_analysis.batch.plan import common_parameters, plan_areas, policy_sha256
from bhyt_analysis.cli import main
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.ingest import synthetic

from ..batches import batches_here
from ..notebook_runs import copy_package
from ..waiting import run as run_process
from ..waiting import wait_until

SLUGS = ["mau-01-gia-lap", "mau-02-gia-lap", "mau-03-gia-lap"]


class Place:
    """A country of three districts, and a package whose notebook only notes that it ran."""

    def __init__(self, folder, *sources):
        self.folder, self.input, self.out, self.log = folder, folder / "in", folder / "out", folder / "log.txt"
        synthetic.write_country(self.input, 3, 1)
        note = 'import os\nif "JPY_PARENT_PID" in os.environ:  # a kernel, and no rehearsal\n'
        note += f'    with open({str(self.log)!r}, "a") as log:\n        log.write(area + "\\n")'
        self.environment = {**os.environ, "PYTHONPATH": str(copy_package(folder, *sources, note))}

    @property
    def arguments(self):
        return ["brief", str(self.input), "--out", str(self.out), "--lang", "en", "--jobs", "1"]

    def call(self, *options, code="from bhyt_analysis.cli import main; import sys; sys.exit(main())"):
        return [sys.executable, "-c", code, *self.arguments, *options]

    def run(self, *options, status=0, **more):
        self.log.write_text("")
        run = run_process(self.call(*options, **more), env=self.environment, cwd=self.folder)
        assert run.returncode == status, run.stderr
        return run

    @property
    def areas_run(self):
        return sorted(self.log.read_text().split())

    @property
    def statuses(self):
        manifest = json.loads((self.out / "manifest.json").read_text("utf-8"))
        return {a["slug"]: a["status"] for a in manifest["areas"]}

    def edit(self, table, old, new):
        path = self.input / table
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")


class PlaceHere(Place):
    """The same with batches in the process of the tests."""

    def run(self, *options, status=0):
        self.log.write_text("")
        template = self.folder / "package" / "bhyt_analysis" / "bundled" / "notebooks" / "area_briefing.ipynb"
        with batches_here(), pytest.MonkeyPatch.context() as patch:
            for module in (build, plan):
                patch.setattr(module, "template_path", lambda: template)
            assert main([*self.arguments, *options]) == status


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.fixture
def place_here(tmp_path):
    return PlaceHere(tmp_path)


def test_with_nothing_to_do_papermill_is_not_even_loaded(place):
    place.run()
    assert place.areas_run == ["X001", "X002", "X003"]
    files = {p: p.stat().st_mtime_ns for p in place.out.rglob("*") if p.is_file() and p.parent != place.out / ".bhyt"}
    code = (
        "from bhyt_analysis.cli import main; import sys; status = main(); "
        "print([m for m in ('papermill', 'matplotlib', 'jupyter_client') if m in sys.modules], file=sys.stderr); "
        "sys.exit(status)"
    )
    run = place.run(code=code)
    assert run.stderr == "Nothing has changed: 3 areas kept as before.\n[]\n"
    assert place.areas_run == []
    assert place.statuses == dict.fromkeys(SLUGS, "skipped")
    del files[place.out / "manifest.json"]
    assert all(p.stat().st_mtime_ns == when for p, when in files.items())
    assert all(a["files"] for a in json.loads((place.out / "manifest.json").read_text("utf-8"))["areas"])


def test_one_figure_of_a_commune_builds_only_its_district_again(place_here):
    place_here.run()
    row = next(
        r for r in (place_here.input / "population.csv").read_text("utf-8").splitlines() if r.startswith("X00205,")
    )
    people = row.split(",")[2]
    place_here.edit("population.csv", row, row.replace(f",{people},", f",{int(people) + 1},", 1))
    place_here.run()
    assert place_here.areas_run == ["X002"]
    assert place_here.statuses == {SLUGS[0]: "skipped", SLUGS[1]: "done", SLUGS[2]: "skipped"}


def test_other_parameters_build_all_again(tmp_path):
    source = str(tmp_path)
    others = [{"lang": "en"}, {"as_of": "2021-12-31"}, {"scenario": "status_quo"}, {"seed": 2}]
    digests = [policy_sha256(common_parameters(source, BatchOptions(**other))) for other in ({}, *others)]
    assert len(set(digests)) == 5
    assert policy_sha256(common_parameters("elsewhere", BatchOptions())) == digests[0]  # rows count, not their file


def test_a_scenario_counts_with_the_files_that_it_names(tmp_path):
    (tmp_path / "r.csv").write_text("one", "utf-8")
    (tmp_path / "s.toml").write_text('name = "x"\nreforms = ["r.csv"]\n', "utf-8")

    def digest():
        return policy_sha256(common_parameters(str(tmp_path), BatchOptions(scenario=tmp_path / "s.toml")))

    before = digest()
    assert digest() == before
    (tmp_path / "r.csv").write_text("two", "utf-8")
    assert digest() != before


def test_another_template_law_or_code_builds_all_again(tmp_path):
    place = copy_package(tmp_path, "1")

    def digest():
        code = "from bhyt_analysis.batch.build_record import code_fingerprint; print(code_fingerprint())"
        call, environment = [sys.executable, "-c", code], {**os.environ, "PYTHONPATH": str(place)}
        return run_process(call, env=environment, cwd=tmp_path, check=True).stdout

    digests = [digest()]
    for name in (
        "bundled/notebooks/area_briefing.ipynb",
        "model/coverage/coverage.py",
        "law/law.csv",
        "i18n/messages/briefing.csv",
    ):
        path = place / "bhyt_analysis" / name
        path.write_text(path.read_text("utf-8") + "\n", "utf-8")
        digests.append(digest())
    assert len(set(digests)) == 5


def test_areas_that_are_no_longer_complete_are_built_again(place_here):
    place_here.run()
    for slug, name, left in zip(SLUGS, ("facts.json", "charts/x.png", "build.json"), (None, b"x", b"{"), strict=True):
        path = place_here.out / slug / name
        if left is None:
            path.unlink()
        else:
            path.write_bytes(left)
    place_here.run()
    assert place_here.areas_run == ["X001", "X002", "X003"]
    place_here.run("--area", "X003", "--fresh")
    assert place_here.areas_run == ["X003"]
    assert place_here.statuses == dict.fromkeys(SLUGS, "done")  # those of the run before stay
    assert all(f'href="{s}/{s}.html"' in (place_here.out / "index.html").read_text("utf-8") for s in SLUGS)


def test_a_failed_area_is_tried_again(tmp_path):
    place = PlaceHere(
        tmp_path, f'import os\nif area == "X002" and not os.path.exists({str(tmp_path / "mended")!r}):\n    1 / 0'
    )
    place.run(status=1)
    assert place.statuses[SLUGS[1]] == "failed"
    (tmp_path / "mended").touch()
    place.run()
    assert place.areas_run == ["X002"]


@pytest.mark.skipif(sys.platform != "linux", reason="kill -9")
def test_after_kill_9_no_area_is_lost_or_built_twice(tmp_path):
    place = Place(
        tmp_path,
        f'import os, time\nif area != "X001" and not os.path.exists({str(tmp_path / "go")!r}):\n    time.sleep(600)',
    )
    run = subprocess.Popen(
        place.call(), env=place.environment, cwd=tmp_path, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        wait_until((place.out / SLUGS[0] / "build.json").exists)
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait(60)
    assert not (place.out / "manifest.json").exists()
    (tmp_path / "go").touch()
    place.run()
    assert place.areas_run == ["X002", "X003"]
    assert place.statuses == {SLUGS[0]: "skipped", SLUGS[1]: "done", SLUGS[2]: "done"}
    assert not (place.out / ".work").exists()


def test_two_batches_never_share_a_folder(tmp_path, build_here, capfd):
    place = Place(
        tmp_path, f"import os, time\nwhile not os.path.exists({str(tmp_path / 'go')!r}):\n    time.sleep(0.1)"
    )
    call, areas = place.call("--area", "X001"), ["--area", "X002"]
    first = subprocess.Popen(call, env=place.environment, cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        wait_until((place.out / ".work").exists)
        assert main([*place.arguments, *areas]) == 2
        assert "Another batch is running in the folder" in capfd.readouterr().err
    finally:
        (tmp_path / "go").touch()
        assert first.wait(120) == 0
    assert place.statuses == {SLUGS[0]: "done"}


def test_a_record_of_other_inputs_does_not_count(tmp_path):
    (tmp_path / "a.txt").write_text("a", "utf-8")
    assert build_record.reusable_files(tmp_path, "x") is None
    assert build_record.write_build_record(tmp_path, "x") == ["a.txt", "build.json"]
    assert build_record.reusable_files(tmp_path, "x") == ["a.txt", "build.json"]
    assert build_record.reusable_files(tmp_path, "y") is None
    (tmp_path / "build.json").write_text("[]", "utf-8")
    assert build_record.reusable_files(tmp_path, "x") is None


def test_the_name_of_a_reused_code_is_kept(tmp_path, build_here):
    manifest = bhyt.run_batch(None, tmp_path / "o", ["Yên Bái"], bhyt.BatchOptions(jobs=1))
    assert [(a["slug"], a["status"]) for a in manifest["areas"]] == [("yen-bai", "done")]
    page = (tmp_path / "o" / "yen-bai" / "yen-bai.html").read_text("utf-8")
    assert " Tỉnh Yên Bái</h1>" in page
    assert "đơn vị cấp xã của tỉnh Lào Cai" in page  # the page says what it became,
    assert "2752" not in page  # and no decision of the province that has its code now


def test_a_dataset_that_was_changed_in_memory_is_built_again(place, build_here):
    data, out = bhyt.load(place.input), place.out
    for changed, status in ((0, "done"), (0, "skipped"), (1, "done")):
        people = data.population.assign(people=data.population["people"] + changed)
        manifest = bhyt.run_batch(
            dataclasses.replace(data, population=people), out, ["X001"], bhyt.BatchOptions(jobs=1)
        )
        assert [a["status"] for a in manifest["areas"]] == [status]


def test_a_province_and_a_ward_of_one_name_have_folders_of_their_own(data, tmp_path):
    common = common_parameters(data.source, BatchOptions())
    jobs = plan_areas(data, tmp_path, ["Tỉnh Lào Cai", "Phường Lào Cai"], common, BatchOptions())
    assert [job.slug for job in jobs] == ["lao-cai", "phuong-lao-cai"]


def test_an_input_that_does_not_exist_is_reported(tmp_path):
    with pytest.raises(BhytError, match="no such file"):
        bhyt.run_batch(tmp_path / "none", tmp_path / "o")
    assert not (tmp_path / "o").exists()


def test_a_script_without_a_guard_runs_once(place):
    script = place.folder / "mine.py"
    call = f"bhyt.run_batch({str(place.input)!r}, {str(place.out)!r}, areas=['X001'])"
    script.write_text(f"import bhyt_analysis as bhyt\nprint('began')\n{call}\n")
    run = run_process([sys.executable, script], env=place.environment, cwd=place.folder)
    assert (run.returncode, run.stdout) == (0, "began\n"), run.stderr
    assert place.statuses == {SLUGS[0]: "done"}
