"""From files to checked tables, and back to workbooks."""

from bhyt_analysis.ingest.loader import InputError, check, load

__all__ = ["InputError", "check", "load"]
