"""A page without code from an executed notebook: one file that works from disk and prints well."""

from __future__ import annotations

import base64
import html
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from bhyt_analysis.documents.formats import OFFICE
from bhyt_analysis.documents.image_slices import TALLEST, slice_image
from bhyt_analysis.i18n.messages import has_message, translate

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
    """Write the page of an executed notebook beside its ``charts``, ``tables`` and other documents.

    ``index``: the address of the list of areas, relative to the page.
    """
    from markupsafe import Markup
    from nbformat import read

    told = read(notebook, 4)
    sections = _anchored(told["cells"], lang)
    body, _ = _exporter().from_notebook_node(told)
    body = re.sub(r'(<table class="bhyt">.*?</table>)', r'<div class="wide">\1</div>', body, flags=re.DOTALL)
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", body, flags=re.DOTALL)
    text = template(TEMPLATE).render(
        lang=lang,
        title=Markup(heading.group(1)).striptags() if heading else notebook.stem,
        index=index,
        sections=sections,
        body=Markup(body),
        notebook=notebook.name,
        office=[f"{notebook.stem}.{f}" for f in OFFICE if notebook.with_suffix(f".{f}").exists()],
        charts=_named(notebook.parent / "charts", ".svg", lang),
        tables=_named(notebook.parent / "tables", ".csv", lang),
        words={k: translate(f"label.{k}", lang) for k in ("reference", "downloads", "notebook", "contents", "sort")}
        | {"back": translate("label.back_to_index", lang)},
    )
    page.write_text(text, encoding="utf-8")


def _anchored(cells: list[dict[str, Any]], lang: str) -> list[tuple[str, str]]:
    """Give sections, charts and tables an anchor, a number and their files; the sections, by anchor and title.

    The cells are changed.
    """
    sections, counts = [], {"chart": 0, "table": 0}
    for output in (o for cell in cells for o in cell.get("outputs", [])):
        about, data = output.get("metadata", {}).get("bhyt", {}), output.get("data", {})
        if "section" in about:
            title = data["text/markdown"].lstrip("# ")
            sections.append((about["section"], title))
            output["data"] = {"text/html": f'<h2 id="{about["section"]}">{html.escape(title)}</h2>'}
        elif "told" in about:
            kind = "chart" if "chart" in about else "table"
            counts[kind] += 1
            number = f"{translate(f'label.{kind}', lang)} {counts[kind]}"
            output["data"] = {"text/html": _figure(output, number, lang) if kind == "chart" else _table(output, number, lang)}  # fmt: skip
    return sections


def _figure(output: dict[str, Any], number: str, lang: str) -> str:
    """A chart with its number, title and files."""
    name, told = output["metadata"]["bhyt"]["chart"], output["metadata"]["bhyt"]["told"]
    image = base64.b64decode(output["data"]["image/png"])
    width = output["metadata"].get("image/png", {}).get("width", "")
    parts = slice_image(image, told["page_breaks"], told["width_mm"], TALLEST)
    pictures = "".join(
        f'<img src="data:image/png;base64,{base64.b64encode(part).decode()}" width="{width}" '
        f'alt="{html.escape(told["alt"] if i == 0 else translate("label.continued", lang))}">'
        for i, part in enumerate(parts)
    )
    high = ' class="high"' if len(parts) > 1 else ""
    files = ", ".join(f'<a href="charts/{name}.{f}" download>{f.upper()}</a>' for f in ("png", "svg"))
    return (
        f'<figure id="chart-{name}"{high}>{pictures}'
        f'<figcaption>{number}. {html.escape(told["title"])} <span class="files">({files})</span></figcaption></figure>'
    )


def _table(output: dict[str, Any], number: str, lang: str) -> str:
    """A table with its number, name and file above it."""
    name = output["metadata"]["bhyt"]["table"]
    rows = output["data"]["text/html"]
    if not name:
        return rows
    title = translate(f"item.{name}", lang) if has_message(f"item.{name}") else name
    file = f'<span class="files">(<a href="tables/{name}.csv" download>CSV</a>)</span>'
    return f'<p class="caption" id="table-{name}">{number}. {html.escape(title)} {file}</p>{rows}'


def _named(folder: Path, ending: str, lang: str) -> list[tuple[str, str]]:
    """The files of a folder with what a reader calls them."""
    stems = sorted(p.stem for p in folder.glob(f"*{ending}"))
    return [(s, translate(f"item.{s}", lang) if has_message(f"item.{s}") else s) for s in stems]
