"""The explorer under its widgets: what is asked (`state`), what is seen of it (`views`), what is taken home (`share`)."""
