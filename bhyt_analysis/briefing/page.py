"""A page without code from an executed notebook: one file that works from disk and prints well."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from bhyt_analysis.words import known, say

TEMPLATE = Path(__file__).with_name("page.html.j2")


@lru_cache(maxsize=1)
def _exporter() -> Any:
    from nbconvert import HTMLExporter

    # "basic" is the body alone: no scripts, no fonts, no addresses to load from.
    return HTMLExporter(
        template_name="basic",
        exclude_input=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
        embed_images=True,
    )


@lru_cache(maxsize=4)
def template(path: Path) -> Any:
    """A page template; what it prints is escaped unless marked as HTML."""
    from jinja2 import Environment, FileSystemLoader

    loader = FileSystemLoader(path.parent)
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True).get_template(path.name)


def write_page(notebook: Path, page: Path, lang: str = "vi", index: str | None = None) -> None:
    """Write the page of an executed notebook beside its ``charts`` and ``tables``.

    ``index``: the address of the list of areas, relative to the page.
    """
    from markupsafe import Markup

    body, _ = _exporter().from_filename(str(notebook))
    body = re.sub(r'(<table class="bhyt">.*?</table>)', r'<div class="wide">\1</div>', body, flags=re.DOTALL)
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", body, flags=re.DOTALL)
    text = template(TEMPLATE).render(
        lang=lang,
        title=Markup(heading.group(1)).striptags() if heading else notebook.stem,
        index=index,
        body=Markup(body),
        notebook=notebook.name,
        charts=_named(notebook.parent / "charts", ".svg", lang),
        tables=_named(notebook.parent / "tables", ".csv", lang),
        words={k: say(f"label.{k}", lang) for k in ("downloads", "notebook")}
        | {"back": say("label.back_to_index", lang)},
    )
    page.write_text(text, encoding="utf-8")


def _named(folder: Path, ending: str, lang: str) -> list[tuple[str, str]]:
    """The files of a folder with what a reader calls them."""
    stems = sorted(p.stem for p in folder.glob(f"*{ending}"))
    return [(s, say(f"item.{s}", lang) if known(f"item.{s}") else s) for s in stems]
