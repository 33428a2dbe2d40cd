"""Tables and sentences that people read."""

from bhyt_analysis.tables.formatting import backtest_table, format_table, table_spec
from bhyt_analysis.tables.labels import group_name

__all__ = ("backtest_table", "format_table", "group_name", "table_spec")
