"""Read plans: from a Word, PDF or text document to tables of figures, and back to the document with comments."""
