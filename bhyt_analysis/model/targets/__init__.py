"""Targets in people and their allocation."""
