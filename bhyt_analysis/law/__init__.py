"""Floor 1: what the law says on a date, and the groups of the insured."""

from bhyt_analysis.law.groups import counted_once, finest, group_of, groups
from bhyt_analysis.law.law import InForce, Law, LawError

__all__ = ["InForce", "Law", "LawError", "counted_once", "finest", "group_of", "groups"]
