"""Words that speak of today are made again when they change, and only then."""

import ast
import datetime as dt
import json
from pathlib import Path

import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.batch import build_record
from bhyt_analysis.batch.options import BatchOptions
from bhyt_analysis.batch.runner import run_batch
from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.clock import Period
from bhyt_analysis.i18n.messages import BhytError

from ..briefing_items import section_items
from ..conftest import ROOT

DAY = dt.timedelta(days=1)


@pytest.fixture
def set_today(monkeypatch):
    """Return a function that sets the day on which everything runs."""

    def set_day(day):
        noon = dt.datetime.combine(dt.date.fromisoformat(str(day)), dt.time(12), dt.UTC)
        monkeypatch.setenv(clock.VARIABLE, str(int(noon.timestamp())))

    return set_day


def test_no_module_but_one_looks_at_the_clock():
    calls = {"today", "now", "utcnow", "gmtime", "localtime", "ctime"}
    for path in (ROOT / "bhyt_analysis").rglob("*.py"):
        if path.name in ("clock.py", "server.py"):  # that of the explorer counts how long a page has been away
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                name = ast.unparse(node.func)
                assert node.func.attr not in calls or name.startswith("clock."), f"{path.name}: {name}"
                assert name not in ("time.time", "time.strftime"), f"{path.name}: {name}"


def test_comparisons_with_today_note_when_they_change(set_today):
    set_today("2026-11-26")
    clock.begin_period()
    assert clock.noted_period() == Period()
    assert clock.has_come(dt.date(2026, 11, 26))
    assert not clock.is_past(dt.date(2026, 11, 26))
    assert not clock.is_past(dt.date.max)
    assert clock.is_past(dt.date(2025, 12, 31))
    assert clock.noted_period() == Period("2026-11-26", "2026-11-27")


@pytest.mark.parametrize("text", ["soon", "-1", "1e9", "99999999999999"])
def test_a_source_date_that_is_no_time_is_a_sentence(text, monkeypatch):
    monkeypatch.setenv(clock.VARIABLE, text)
    with pytest.raises(BhytError, match="seconds since 1970-01-01"):
        clock.today()


def words(data, law, area):
    """Return all that a briefing says of an area, and the days on which it says the same."""
    briefing = bhyt.Briefing(data, area, law)
    items = [item for item in section_items(briefing) if not item.is_empty()]
    texts = [(i.name, i.text, None if i.table is None else i.table.to_csv()) for i in items]
    record = briefing.to_dict()
    return (texts, record["facts"]), Period(**record["same_words"])


@pytest.mark.parametrize("area", ["Sơn Dương", "Xã Bát Xát", "536", "X001", "Tỉnh Sơn La"])
def test_a_briefing_knows_until_when_its_words_are_the_same(area, data, law, set_today, no_charts):
    set_today("2026-07-15")
    texts, same = words(data, law, area)
    since, until = dt.date.fromisoformat(same.since), dt.date.fromisoformat(same.until)
    assert since <= dt.date(2026, 7, 15) < until
    for day in (since, until - DAY):
        set_today(day)
        assert words(data, law, area) == (texts, same)
    for day in (since - DAY, until):
        set_today(day)
        assert words(data, law, area)[1] != same


def test_the_words_on_a_target_change_the_day_after_it(data, law, set_today, no_charts):
    set_today("2022-12-31")
    texts, same = words(data, law, "X001")  # its target is for 31/12/2022
    set_today("2023-01-01")
    assert same.until == "2023-01-01"
    assert words(data, law, "X001")[0] != texts


def test_a_record_counts_on_the_days_on_which_its_words_are_the_same(tmp_path, set_today):
    build_record.write_build_record(tmp_path, "x", same_words=Period("2026-11-01", "2027-01-01"))
    for day, counts in (("2026-10-31", 0), ("2026-11-01", 1), ("2026-12-31", 1), ("2027-01-01", 0)):
        set_today(day)
        assert bool(build_record.reusable_files(tmp_path, "x")) == bool(counts), day
        assert build_record.reusable_files(tmp_path)  # what another run has left stays in the index


def test_a_batch_is_up_to_date_until_its_words_change(small_input, tmp_path, set_today, monkeypatch):
    areas_built = []

    def build(jobs, data, *_):
        """Write what the notebook of an area leaves, with words that change on the first day of 2027."""
        for job in jobs:
            job.folder.mkdir(exist_ok=True)
            (job.folder / "facts.json").write_text('{"facts": []}', "utf-8")
            same = Period("2026-11-01", "2027-01-01")
            files = build_record.write_build_record(job.folder, job.inputs_sha256, same_words=same)
            areas_built.append(job.area)
            yield build_record.AreaResult(
                job.area, job.slug, "done", inputs_sha256=job.inputs_sha256, files=[f"{job.slug}/{f}" for f in files]
            )

    monkeypatch.setattr("bhyt_analysis.batch.runner.build_all", build)

    def statuses(day, areas=None):
        set_today(day)
        areas_built.clear()
        options = BatchOptions(engine="standard")
        return [a["status"] for a in run_batch(small_input, tmp_path / "out", areas, options)["areas"]], [*areas_built]

    assert statuses("2026-11-26") == (["done"], ["D1"])
    assert statuses("2026-12-31") == (["skipped"], [])  # the request is the same: its inputs are not even read
    assert statuses("2026-12-31", ["D1"]) == (["skipped"], [])  # another request of the same area
    assert statuses("2027-01-01", ["D1"]) == (["done"], ["D1"])
    (tmp_path / "out" / ".bhyt" / "asked").unlink()
    assert statuses("2027-01-01") == (["done"], ["D1"])
    record = json.loads(Path(tmp_path, "out", "mot", "build.json").read_text("utf-8"))
    assert record["same_words"] == {"since": "2026-11-01", "until": "2027-01-01"}
