"""Put the totals of a simulation beside its groups, for tests that look at both."""

import pandas as pd

import bhyt_analysis as bhyt
from bhyt_analysis.model.projection.simulate import projection_tables


def simulate_all(data, area, scenario=None, by=(), **options):
    """Return what `simulate` gives without groups, as group "all", and then what it gives by group."""
    return stack(*(bhyt.simulate(data, area, scenario, by=[*by, *more], **options) for more in ([], ["group"])))


def table_all(projection, **options):
    """Return both tables of a projection in one, the totals as group "all"."""
    return stack(*projection_tables(projection, **options))


def stack(total, groups):
    return pd.concat([total.assign(group="all"), groups], ignore_index=True)
