"""How does a chart of many rows stand on several pages? In pieces, cut between two rows."""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Sequence

from PIL import Image

TALLEST = 232  # mm that a picture may take on a page of A4, with its caption


def slice_image(image: bytes, cuts: Sequence[float], width: float, tallest: float) -> list[bytes]:
    """A picture in as few pieces, about as high as each other, as fit; whole where it fits or may not be cut.

    Parameters
    ----------
    image : a picture's file.
    cuts : parts of its height, from the top, below which it may be cut.
    width, tallest : how wide it stands, and how high a piece may be, in the same unit.

    Examples
    --------
    >>> told = io.BytesIO()
    >>> Image.new("L", (10, 300)).save(told, "png")
    >>> [Image.open(io.BytesIO(p)).height for p in slice_image(told.getvalue(), [0.2, 0.4, 0.6, 0.8], 10, 200)]
    [180, 120]
    """
    sheet = Image.open(io.BytesIO(image))
    most = tallest / (width * sheet.height / sheet.width)
    if most >= 1 or not cuts:
        return [image]
    ends = [0.0]
    while 1 - ends[-1] > most and (fit := [c for c in cuts if ends[-1] < c <= ends[-1] + most]):
        even = ends[-1] + (1 - ends[-1]) / math.ceil((1 - ends[-1]) / most)
        ends.append(next((c for c in fit if c >= even), fit[-1]))
    lines = [round(end * sheet.height) for end in [*ends, 1.0]]
    return [_file(sheet.crop((0, a, sheet.width, b))) for a, b in itertools.pairwise(lines)]


def _file(sheet: Image.Image) -> bytes:
    told = io.BytesIO()
    sheet.save(told, "png", optimize=True)
    return told.getvalue()
