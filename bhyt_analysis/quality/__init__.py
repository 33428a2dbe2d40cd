"""Checks of an input and the audit of published figures."""
