"""Floor 2: from a folder or a workbook to checked tables."""

from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.inputs.read import InputError, check, load

__all__ = ["Dataset", "InputError", "check", "load"]
