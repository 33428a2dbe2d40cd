"""The names that the examples of the charts use: what the gallery imports for them."""

import pandas as pd
import pytest

import bhyt_analysis as bhyt


@pytest.fixture(autouse=True)
def _names(doctest_namespace):
    doctest_namespace |= {"bhyt": bhyt, "pd": pd}
