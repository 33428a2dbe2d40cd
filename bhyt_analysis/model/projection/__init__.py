"""Scenarios, their month-by-month projection, and its uncertainty."""
