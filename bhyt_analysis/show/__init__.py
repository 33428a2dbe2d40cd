"""Floor 4: what people look at: labels, tables, charts."""
