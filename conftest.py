"""What tests and examples have in common: the names that the gallery imports, and the bundled data, read once."""

from functools import cache, wraps

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.i18n import languages
from bhyt_analysis.ingest import loader

read_input = loader.read_input
read_bundled_input = cache(lambda: read_input())


@wraps(read_input)
def _read_once(path=None, numbers=None, answers=None):
    """Read an input; the bundled one, which takes longer than most of what is done with it, once in a process."""
    if (path, numbers, answers) != (None, None, None):
        return read_input(path, numbers, answers)
    data, findings = read_bundled_input()
    return data, [*findings]


loader.read_input = _read_once


@pytest.fixture(autouse=True)
def _names(doctest_namespace):
    doctest_namespace |= {"bhyt": bhyt, "pd": pd}


@pytest.fixture(autouse=True)
def _no_language_chosen(monkeypatch):
    """Begin each test without a language, and forget the one that it chooses."""
    monkeypatch.setattr(languages, "_chosen", "")
