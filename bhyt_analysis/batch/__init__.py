"""Floor 6: many areas: plan, run, index."""
