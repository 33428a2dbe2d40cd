"""Fit the assumptions to the bundled cases and write them; ``make calibrate`` runs it."""

from __future__ import annotations

import pandas as pd

from bhyt_analysis.domain.bundled import PACKAGE
from bhyt_analysis.ingest.loader import load
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.projection.calibration import fit, observed_returns

FITTED_FILE = PACKAGE / "model" / "projection" / "fitted_assumptions.csv"


def fitted_assumptions() -> pd.DataFrame:
    """Return the rows of the file, by ``fit`` and ``name``: ``low``, ``central``, ``high``."""
    return pd.concat(fit(observed_returns(load()), Law.read()), names=["fit"])


if __name__ == "__main__":
    fitted_assumptions().to_csv(FITTED_FILE, lineterminator="\n")
