"""Run the suites of Jupyter's programs on stock and on warm kernels, and compare them: ``make peers``."""
