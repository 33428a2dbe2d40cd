"""Define the metadata by which an executed notebook tells what each of its outputs is.

The notebook keeps it with every output, under ``metadata.bhyt``; the page and the documents read it there. The
format has a number: a reader refuses metadata of another one, because its fields may mean something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bhyt_analysis.i18n.messages import BhytError, has_message, translate

SCHEMA = 1
KEY = "bhyt"  # of an output's metadata
OUTLINE = "outline"  # the tag of a Markdown cell that heads a section in JupyterLab only
NARROW = "-narrow"  # ends the name of a chart's picture for phones
KINDS = ("title", "warning", "heading", "text", "chart", "table", "made_with")


@dataclass(frozen=True)
class OutputMetadata:
    """What one output of a notebook is.

    ``kind``: one of `KINDS`. ``name``: the code of the unit (title), the reason (warning), the key of the section
    (heading), the name of the item and its files (text, chart, table), or the version of the package (made_with).
    ``title``: what readers call it. Of the title only: ``area``, the unit with the one above it, ``decision``, the
    name of the zoning decision, and ``lang``. ``payload``: ``to_dict`` of the description of a chart or table.
    """

    kind: str
    name: str = ""
    title: str = ""
    area: str = ""
    decision: str = ""
    lang: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the metadata of an output, which JSON can hold; empty fields are left out."""
        return {KEY: {"schema": SCHEMA, **{k: v for k, v in asdict(self).items() if v}}}

    @classmethod
    def from_dict(cls, metadata: Mapping[str, Any]) -> OutputMetadata | None:
        """Return what the metadata of an output say; None for an output that is no part of a briefing.

        Raises BhytError for metadata of another schema.

        Examples
        --------
        >>> OutputMetadata.from_dict(OutputMetadata("text", "coverage").to_dict()).name
        'coverage'
        >>> OutputMetadata.from_dict({"bhyt": {"schema": 99}})
        Traceback (most recent call last):
        ...
        bhyt_analysis.i18n.messages.BhytError: The notebook was made with another version (outputs of schema 99, \
expected 1): make the briefing again.
        """
        fields = metadata.get(KEY)
        if fields is None:
            return None
        if fields.get("schema") != SCHEMA:
            raise BhytError(("error.notebook_schema", {"found": fields.get("schema", "–"), "expected": SCHEMA}))
        return cls(**{k: v for k, v in fields.items() if k != "schema"})


def item_title(name: str, lang: str | None = None, decision: str = "") -> str:
    """Return what readers call an item; its name where no message has one."""
    return translate(f"item.{name}", lang, decision=decision) if has_message(f"item.{name}") else name


def is_outline(cell: Mapping[str, Any]) -> bool:
    """Return whether a cell is a heading of the template, which neither the page nor the documents show."""
    return OUTLINE in cell["metadata"].get("tags", ())
