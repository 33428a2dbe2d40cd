"""Vietnamese and English: messages, numbers, dates, names of units, citations."""
