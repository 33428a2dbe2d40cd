"""Coverage, its headline figures and its decomposition."""
