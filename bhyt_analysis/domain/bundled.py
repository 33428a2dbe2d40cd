"""Locate the data, notebooks and scenarios that come with the package."""

from pathlib import Path


def bundled_path(name: str) -> Path:
    """Return the folder ``data``, ``notebooks`` or ``scenarios`` that comes with the package.

    Examples
    --------
    >>> bundled_path("data").name
    'data'
    """
    packaged = Path(__file__).parents[1] / "bundled" / name
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / name
