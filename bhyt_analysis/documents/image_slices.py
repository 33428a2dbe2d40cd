"""Slice a tall chart into pieces that fit a page, each cut between two rows."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

from PIL import Image

MAX_HEIGHT = 232  # mm that a picture may take on a page of A4, with its caption


def slice_image(image: bytes, page_breaks: Sequence[float], width: float, max_height: float) -> list[bytes]:
    """Return a picture in as few pieces as fit, of about equal height; one piece where it fits or may not be cut.

    ``page_breaks``: fractions of its height, from the top, where it may be cut. ``width``: of the picture, in the
    unit of ``max_height``.

    Examples
    --------
    >>> file = io.BytesIO()
    >>> Image.new("L", (10, 300)).save(file, "png")
    >>> [Image.open(io.BytesIO(p)).height for p in slice_image(file.getvalue(), [0.2, 0.4, 0.6, 0.8], 10, 200)]
    [180, 120]
    """
    sheet = Image.open(io.BytesIO(image))
    limit = max_height / (width * sheet.height / sheet.width)
    if limit >= 1 or not page_breaks:
        return [image]
    edges = [0.0]
    while 1 - edges[-1] > limit and (fitting := [b for b in page_breaks if edges[-1] < b <= edges[-1] + limit]):
        even = edges[-1] + (1 - edges[-1]) / math.ceil((1 - edges[-1]) / limit)
        edges.append(next((b for b in fitting if b >= even), fitting[-1]))
    lines = [round(edge * sheet.height) for edge in [*edges, 1.0]]
    files = [io.BytesIO() for _ in lines[1:]]
    for file, top, end in zip(files, lines[:-1], lines[1:], strict=True):
        sheet.crop((0, top, sheet.width, end)).save(file, "png", optimize=True)
    return [file.getvalue() for file in files]
