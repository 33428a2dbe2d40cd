"""The checked bundled data are kept for a version of everything, nothing of a user's input is."""

import os
import time

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.domain import user_cache
from bhyt_analysis.domain.dataset import TABLES
from bhyt_analysis.ingest import loader

from ..conftest import write_small_input


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def assert_same(one, other):
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    assert (one.source, one.sha256, one.warnings) == (other.source, other.sha256, other.warnings)
    assert one.geography.today == other.geography.today


def test_kept_data_are_those_that_were_checked(cache, monkeypatch):
    checked, findings = loader.read_input()
    assert_same(bhyt.load(), checked)
    monkeypatch.setattr(loader, "read_input", None)  # no second check
    assert_same(bhyt.load(), checked)
    assert checked.warnings == findings


def test_damaged_data_are_checked_and_kept_again(cache):
    bhyt.load()
    [file] = cache.rglob("partition.json")
    for damage in ("", "{}", "[]", file.read_text("utf-8")[:-9]):
        file.write_text(damage, "utf-8")
        assert len(bhyt.load().areas) > 100
        assert file.stat().st_size > 10_000


def test_where_nothing_can_be_kept_the_data_are_checked_each_time(cache, monkeypatch):
    cache.write_text("in the way")
    assert len(bhyt.load().areas) > 100


def test_a_user_without_a_folder_gets_no_file_in_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(user_cache, "kept_folder", lambda name: user_cache.Path("~/.cache/bhyt_analysis", name, "x"))
    assert len(bhyt.load().areas) > 100
    assert [*tmp_path.iterdir()] == []


def test_nothing_of_an_input_of_the_user_is_kept(cache, tmp_path):
    bhyt.load(write_small_input(tmp_path / "input"))
    assert [p.name for p in cache.rglob("*") if p.parent.parent == cache] in ([], ["bundled"])
    assert not [p for p in cache.rglob("*.csv") if "Xã Đầu" in p.read_text("utf-8")]


def test_what_other_versions_have_kept_goes_after_a_month(cache):
    for days in (29, 31):
        folder = user_cache.kept_folder("x").with_name(f"{days}-days")
        folder.mkdir(parents=True)
        os.utime(folder, (time.time() - days * 86400,) * 2)
    user_cache.keep("x", lambda folder: (folder / "a").write_text("b"))
    assert sorted(p.name for p in user_cache.kept_folder("x").parent.iterdir()) == sorted(
        ["29-days", user_cache.kept_folder("x").name]
    )
