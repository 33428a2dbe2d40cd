"""Premiums and budgets."""
