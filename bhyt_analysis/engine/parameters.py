"""Compare the parameters of a run with those of its notebook.

Papermill only warns of a parameter that a notebook does not have, and runs it without the value that was meant.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from bhyt_analysis.i18n.messages import BhytError, nearest_choice


def check_parameters(notebook: Mapping[str, Any], values: Mapping[str, object]) -> None:
    """Compare parameters with the cell tagged ``parameters``; `BhytError` for unknown names and values of other types.

    A value of None in that cell takes anything; a whole number is good for a fraction.

    Examples
    --------
    >>> cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "area = 'X'; seed = 1"}
    >>> check_parameters({"cells": [cell]}, {"area": "Sơn Dương", "seed": 2})
    >>> check_parameters({"cells": [cell]}, {"aera": "Sơn Dương"})
    Traceback (most recent call last):
    bhyt_analysis.i18n.messages.BhytError: The notebook has no parameter "aera"; did you mean area?
    """
    defaults = notebook_parameters(notebook)
    errors = []
    for name, value in values.items():
        if name not in defaults:
            nearest = nearest_choice(name, defaults) or ", ".join(defaults)
            errors.append(("engine.no_such_parameter", {"found": name, "nearest": nearest}))
        elif not _fits(value, defaults[name]):
            expected = type(defaults[name]).__name__
            errors.append(("engine.parameter_type", {"name": name, "found": repr(value), "expected": expected}))
    if errors:
        raise BhytError(*errors)


def notebook_parameters(notebook: Mapping[str, Any]) -> dict[str, object]:
    """Return the names that the tagged cell assigns, with their values; a value that is computed counts as None."""
    values: dict[str, object] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and "parameters" in cell["metadata"].get("tags", []):
            for statement in ast.parse("".join(cell["source"])).body:
                if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
                    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                    values |= {t.id: _literal(statement.value) for t in targets if isinstance(t, ast.Name)}
    return values


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _fits(value: object, default: object) -> bool:
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return default is None or type(value) is type(default)
