"""Draw charts: one function for each, from a table of results to a `Chart`.

All charts are drawn on the sheet of `bhyt_analysis.charts.chart`: one style, labels on the
marks, the source below, and a stamp where a figure is estimated, synthetic or a proposal.
Each takes ``size``: "a4" (160 mm wide), "half" (80 mm), "slide" (300 by 150 mm) or "screen"; `settings` sets the font,
the size of letters and the colours of all, `save` writes their files. The ``description`` of each holds its figures and
an alternative text made from them.
"""

from bhyt_analysis.charts.chart import Chart
from bhyt_analysis.charts.chart_files import save
from bhyt_analysis.charts.chart_settings import ChartSettings, settings
from bhyt_analysis.charts.communes import commune_people, communes, gaps, small_multiples
from bhyt_analysis.charts.coverage import bullet, by_month, group_mix, groups, path, target_gap
from bhyt_analysis.charts.description import ChartDescription
from bhyt_analysis.charts.finance import cost, cost_per_insured, payers, premium
from bhyt_analysis.charts.maps import choropleth
from bhyt_analysis.charts.monitoring import expiring_cards, funnel, pace, states
from bhyt_analysis.charts.projection import backtest, fan, reenrolment, scenarios, tornado
from bhyt_analysis.charts.reclassification import curve, flows, losses, slope, waterfall
from bhyt_analysis.charts.tiles import tiles

__all__ = (
    "Chart",
    "ChartDescription",
    "ChartSettings",
    "backtest",
    "bullet",
    "by_month",
    "choropleth",
    "commune_people",
    "communes",
    "cost",
    "cost_per_insured",
    "curve",
    "expiring_cards",
    "fan",
    "flows",
    "funnel",
    "gaps",
    "group_mix",
    "groups",
    "losses",
    "pace",
    "path",
    "payers",
    "premium",
    "reenrolment",
    "save",
    "scenarios",
    "settings",
    "slope",
    "small_multiples",
    "states",
    "target_gap",
    "tiles",
    "tornado",
    "waterfall",
)
