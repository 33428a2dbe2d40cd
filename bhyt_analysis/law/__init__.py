"""The dated law and the groups of the insured."""

from bhyt_analysis.law.groups import drop_nested_groups, groups, groups_flagged, groups_on, leaf_groups, main_group
from bhyt_analysis.law.law import InForce, Law
from bhyt_analysis.law.law_file import LawError

__all__ = [
    "InForce", "Law", "LawError", "drop_nested_groups", "groups", "groups_flagged", "groups_on", "leaf_groups",
    "main_group",
]  # fmt: skip
