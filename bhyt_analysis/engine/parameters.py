"""Does the notebook have the parameters that it is given, and are they of its types?

Papermill warns of a parameter that a notebook does not have and runs it all the same, with
the value that was meant left out.
"""

from __future__ import annotations

import ast
from typing import Any

from bhyt_analysis.i18n.messages import BhytError, nearest_choice


def check_parameters(notebook: Any, given: dict[str, Any]) -> None:
    """Compare parameters with the cell tagged ``parameters``: its names, and the types of its values.

    A value of None in that cell takes anything; a whole number is good for a fraction.

    Raises
    ------
    BhytError
        a sentence for each name that there is not, with the nearest there is, and for each
        value of another type.

    Examples
    --------
    >>> cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "area = 'X'; seed = 1"}
    >>> check_parameters({"cells": [cell]}, {"area": "Sơn Dương", "seed": 2})
    >>> check_parameters({"cells": [cell]}, {"aera": "Sơn Dương"})
    Traceback (most recent call last):
    bhyt_analysis.i18n.messages.BhytError: The notebook has no parameter "aera"; did you mean area?
    """
    known = parameters(notebook)
    wrong: list[tuple[str, dict[str, Any]]] = []
    for name, value in given.items():
        if name not in known:
            close = nearest_choice(name, known) or ", ".join(known)
            wrong.append(("error.no_such_parameter", {"found": name, "nearest": close}))
        elif not _fits(value, known[name]):
            expected = type(known[name]).__name__
            wrong.append(("error.parameter_type", {"name": name, "found": repr(value), "expected": expected}))
    if wrong:
        raise BhytError(*wrong)


def parameters(notebook: Any) -> dict[str, Any]:
    """The names that the tagged cell assigns, with their values; a value that is computed counts as None."""
    found: dict[str, Any] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and "parameters" in cell["metadata"].get("tags", []):
            for line in ast.parse("".join(cell["source"])).body:
                if isinstance(line, ast.Assign | ast.AnnAssign) and line.value is not None:
                    targets = line.targets if isinstance(line, ast.Assign) else [line.target]
                    found |= {t.id: _value(line.value) for t in targets if isinstance(t, ast.Name)}
    return found


def _value(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _fits(value: Any, default: Any) -> bool:
    if default is None:
        return True
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)
