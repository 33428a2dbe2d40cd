"""Read the docstrings of the package for the site: what stands after the colon of a parameter describes it."""

from __future__ import annotations

import re
from typing import Any

import griffe

PARAMETER = re.compile(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*) : (.*)$", flags=re.MULTILINE)
RETURNS = re.compile(r"^Returns\n-+\n", flags=re.MULTILINE)


class DescribedParameters(griffe.Extension):
    """Move the text after the colon of a parameter from its type, which the signature has, to its description."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of an object."""
        if obj.docstring is not None:
            text = PARAMETER.sub(r"\1\n    \2", obj.docstring.value)
            obj.docstring.value = RETURNS.sub("**Returns**\n\n", text)
