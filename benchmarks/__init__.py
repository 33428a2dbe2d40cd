"""Measure speed as ratios in one run against a named rival and a bare limit: ``make bench``."""
