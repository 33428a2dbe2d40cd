"""Floor 3: pure functions from checked tables to results."""
