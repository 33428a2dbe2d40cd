"""Read input files into checked tables, and write input workbooks."""

from bhyt_analysis.ingest.loader import InputError, check, load

__all__ = ["InputError", "check", "load"]
