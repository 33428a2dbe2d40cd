"""Read the docstrings of the package for the site: what comes after the colon of a parameter describes it."""

from __future__ import annotations

import re
from textwrap import indent
from typing import Any

import griffe

PARAMETER = re.compile(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*) : (.*)$", flags=re.MULTILINE)
RETURNS = re.compile(r"^(Returns\n-+\n)(.*?)(?=^\w+\n-+$|\Z)", flags=re.MULTILINE | re.DOTALL)


class DescribedParameters(griffe.Extension):
    """Take the types of parameters and results from the signature, all text of the docstring as description."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of an object."""
        if obj.docstring is None:
            return
        text = PARAMETER.sub(r"\1\n    \2", obj.docstring.value)
        if obj.is_function:
            result = str(obj.annotation)
            text = RETURNS.sub(lambda m: m[0] if "\n    " in m[2] else f"{m[1]}{result}\n{indent(m[2], '    ')}", text)
        obj.docstring.value = text
