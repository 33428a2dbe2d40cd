"""The nouns of the package: units, tables, findings, statuses."""
