"""The comparison of the peers' suites finds what differs, and its locks and list are those of the suites."""

import pytest

from .__main__ import SUITES, best, differences, locked, read_documented


def test_a_test_that_only_one_kind_of_kernel_has_is_a_difference():
    stock = {"a": "passed", "b": "failed", "c": "skipped", "only stock": "passed"}
    warm = {"a": "passed", "b": "passed", "c": "skipped", "only warm": "failed"}
    assert differences(stock, warm) == ["b", "only stock", "only warm"]
    assert differences(stock, stock) == []


def test_a_test_that_passes_once_is_not_one_that_never_passes():
    assert best(["failed", "failed", "passed"]) == "passed"
    assert best(["failed", "skipped"]) == "skipped"
    assert best([None, "failed"]) == "failed"
    assert best([None, None]) is None


@pytest.mark.parametrize("suite", [s.name for s in SUITES])
def test_the_sdist_of_each_suite_is_locked_by_hash(suite):
    entry = locked(suite)
    assert entry.startswith(f"{suite}==")
    assert entry.count("--hash=sha256:") >= 2
    assert entry.count("==") == 1


def test_each_documented_difference_is_of_a_suite_and_has_a_reason():
    for (suite, test), reason in read_documented().items():
        assert suite in {s.name for s in SUITES}
        assert "::" in test
        assert len(reason) > 20
