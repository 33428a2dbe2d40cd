"""Pure functions of coverage, reclassification, targets, money and time."""
