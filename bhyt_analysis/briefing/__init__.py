"""Floor 5: documents to hand over."""
