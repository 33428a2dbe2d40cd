"""From an executed notebook to documents."""
