"""A month against the plan."""
