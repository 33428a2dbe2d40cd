"""Shares of whole people, raking, inequality."""
