"""Say what is to be done in an area, by which body and by when."""
