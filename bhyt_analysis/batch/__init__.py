"""Briefings of many areas: plan, build, record, index."""
