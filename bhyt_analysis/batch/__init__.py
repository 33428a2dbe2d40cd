"""Many areas: plan, run, index."""
