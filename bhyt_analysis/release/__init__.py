"""Release a batch: attack it, copy what may leave the office with a record, and prove later that it is unchanged."""
