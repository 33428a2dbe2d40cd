"""One function per chart: a table of results in, a matplotlib Figure out.

All charts are drawn on the sheet of `bhyt_analysis.show.canvas`: one style, labels on the
marks, the source below, and a stamp where a figure is estimated, synthetic or a proposal.
Each takes ``size``: "a4" (160 mm wide), "half" (80 mm), "slide" (300 by 150 mm) or "screen". Each
carries its figures and an alternative text made from them (`description`).
"""

from bhyt_analysis.show.canvas import save
from bhyt_analysis.show.commune_charts import commune_people, communes, gaps, small_multiples
from bhyt_analysis.show.cost_charts import cost, cost_per_insured, payers, premium
from bhyt_analysis.show.coverage_charts import bullet, group_mix, groups, path
from bhyt_analysis.show.decision_charts import curve, flows, lost, slope, waterfall
from bhyt_analysis.show.described import description
from bhyt_analysis.show.maps import choropleth
from bhyt_analysis.show.monitor_charts import expiring, funnel, pace, states
from bhyt_analysis.show.scenario_charts import back, fan, scenarios, scorecard, tornado
from bhyt_analysis.show.tiles import tiles

__all__ = (
    "back", "bullet", "choropleth", "commune_people", "communes", "cost", "cost_per_insured", "curve",
    "description", "expiring", "fan", "flows", "funnel", "gaps", "group_mix", "groups", "lost", "pace", "path",
    "payers", "premium", "save", "scenarios", "scorecard", "slope", "small_multiples", "states", "tiles",
    "tornado", "waterfall",
)  # fmt: skip
