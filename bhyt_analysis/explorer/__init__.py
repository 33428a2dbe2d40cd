"""The interactive application of the notebook explore.ipynb."""
