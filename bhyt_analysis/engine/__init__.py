"""Warm kernels for Jupyter and papermill."""
