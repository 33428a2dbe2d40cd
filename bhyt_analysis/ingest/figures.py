"""Read what the cells of a column hold as figures, to see what the column or a row is; types are checked later."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bhyt_analysis.ingest.vietnamese_text import STYLES, clean_text, number_readings


def figures(cells: pd.Series) -> np.ndarray:
    """Return the figures of a column; nan for any other cell, such as a formula without its result.

    Text is read in the style in which most of its cells are whole numbers.

    Examples
    --------
    >>> figures(pd.Series([1200.0, "1.200", "=SUM(A1:A2)", "Xã Kiên Lao", ""])).tolist()
    [1200.0, 1200.0, nan, nan, nan]
    """
    codes, values = pd.factorize(cells.to_numpy(dtype=object))
    readings = [number_readings(clean_text(v)) if type(v) is str else {} for v in values]
    integers = {s: sum(s in r and r[s] == int(r[s]) for r in readings) for s in STYLES}
    style = max(integers, key=lambda s: integers[s])
    numbers = (v if isinstance(v, float) else r.get(style, "nan") for v, r in zip(values, readings, strict=True))
    return np.array([*map(float, numbers), np.nan])[codes]
