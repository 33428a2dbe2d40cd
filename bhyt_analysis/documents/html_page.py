"""Write the page of an executed notebook: one file that loads nothing, works from disk and prints well."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from bhyt_analysis.briefing.metadata import NARROW, OutputMetadata, is_outline, item_title
from bhyt_analysis.documents.formats import listed_files
from bhyt_analysis.documents.image_slices import MAX_HEIGHT, slice_image
from bhyt_analysis.documents.notebook_file import read_notebook
from bhyt_analysis.documents.what_if import page_parts
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.tables.internal_copy import INTERNAL, internal_stamp

if TYPE_CHECKING:
    from jinja2 import Template
    from nbconvert import HTMLExporter
    from nbformat import NotebookNode

TEMPLATE = Path(__file__).with_name("page.html.j2")
LEAD = "verdict"  # the section that is not folded
CELL = '<div class="cell '  # begins each cell of a page


@lru_cache(maxsize=1)
def _exporter() -> HTMLExporter:
    from nbconvert import HTMLExporter

    # "basic" is the body alone: no scripts, no fonts, no addresses to load from.
    settings = ("exclude_input", "exclude_output_prompt", "exclude_anchor_links", "embed_images")
    # The notebook is validated once, and not after each of a dozen steps.
    return HTMLExporter(template_name="basic", optimistic_validation=True, **dict.fromkeys(settings, True))


@lru_cache(maxsize=4)
def read_template(path: Path) -> Template:
    """Return a page template, which escapes what it prints unless it is marked as HTML.

    Its filter ``policy`` gives the Content-Security-Policy of a page with one script.
    """
    from jinja2 import Environment, FileSystemLoader

    loader = FileSystemLoader(path.parent)
    templates = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    templates.filters["policy"] = security_policy
    return templates.get_template(path.name)


def security_policy(script: str) -> str:
    """Return the policy of a page that runs this script and no other, and loads nothing from anywhere.

    Styles may stand anywhere in it: those of an analyst's own tables do.
    """
    sha256 = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{sha256}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def write_page(notebook: Path, page: Path, lang: str | None = None, index: str | None = None) -> None:
    """Write the page of an executed notebook beside its ``charts``, ``tables`` and other documents.

    ``index``: the address of the list of areas, relative to the page.
    """
    lang = check_lang(lang)
    from markupsafe import Markup
    from nbformat import reads

    book = reads(json.dumps(read_notebook(notebook)), 4)
    book["cells"] = [cell for cell in book["cells"] if not is_outline(cell)]
    internal = internal_stamp(lang) if _has_warning(book["cells"], INTERNAL) else ""
    title, headings, labels = _add_anchors(book["cells"], notebook.parent, lang)
    body, _ = _exporter().from_notebook_node(book)
    body = re.sub(r'(<table class="bhyt">.*?</table>)', r'<div class="wide">\1</div>', body, flags=re.DOTALL)
    top, sections = _split_sections(body, headings)
    words = {k: translate(f"label.{k}", lang) for k in ("reference", "downloads", "notebook", "sort", "open_all")}
    fields = {
        "title": title or notebook.stem,
        "internal": internal,
        "notebook": notebook.name,
        "office": [f for f in listed_files(notebook.stem, lang) if notebook.with_name(f[1]).exists()],
        "charts": _label_files(notebook.parent / "charts", ".svg", labels, lang),
        "tables": _label_files(notebook.parent / "tables", ".csv", labels, lang),
        "words": {**words, "back": translate("label.back_to_index", lang)},
    }
    marked = [(key, name, Markup(text)) for key, name, text in sections]
    what_if = page_parts(notebook.parent, lang)
    fields |= {"sections": marked, "top": Markup(top), "lead": LEAD, "what_if": what_if}
    text = read_template(TEMPLATE).render(fields, lang=lang, index=index)
    page.write_text(text, encoding="utf-8")


def _has_warning(cells: list[NotebookNode], name: str) -> bool:
    outputs = (OutputMetadata.from_dict(o.get("metadata", {})) for cell in cells for o in cell.get("outputs", []))
    return any(o is not None and (o.kind, o.name) == ("warning", name) for o in outputs)


def _add_anchors(
    cells: list[NotebookNode], folder: Path, lang: str
) -> tuple[str, list[tuple[str, str, str]], dict[str, str]]:
    """Give charts and tables an anchor, number and files; return the title, the sections and the items' titles.

    A section is the id of the cell that it begins with, its key and its title; its heading leaves the cell.
    """
    title, labels, counts = "", {}, {"chart": 0, "table": 0}
    sections: list[tuple[str, str, str]] = []
    for cell, output in [(c, o) for c in cells for o in c.get("outputs", [])]:
        about = OutputMetadata.from_dict(output.get("metadata", {})) or OutputMetadata("text")
        if about.kind == "title":
            title = f"{about.title}: {about.area}"
            area = about.area[:1].upper() + about.area[1:]
            output["data"] = {"text/html": f'<h1><span class="kind">{escape(about.title)}</span> {escape(area)}</h1>'}
        elif about.kind == "heading" and not any(cell["id"] == start for start, *_ in sections):
            sections.append((cell["id"], about.name, about.title))
            cell["outputs"] = [o for o in cell["outputs"] if o is not output]
        elif about.kind in counts and about.payload:
            counts[about.kind] += 1
            number = f"{translate(f'label.{about.kind}', lang)} {counts[about.kind]}"
            labels[about.name] = about.title
            if about.kind == "chart":
                output["data"] = {"text/html": _chart_html(output, about, number, folder, lang)}
            else:
                output["data"] = {"text/html": _table_html(output, about, number, lang)}
    return title, sections, labels


def _split_sections(body: str, headings: list[tuple[str, str, str]]) -> tuple[str, list[tuple[str, str, str]]]:
    """Return what comes before the first section, and the key, title and body of each: cells up to the next one's."""
    starts = [body.rindex(CELL, 0, body.index(f'id="cell-id={cell}"')) for cell, *_ in headings]
    parts = [body[a:b] for a, b in itertools.pairwise([0, *starts, len(body)])]
    return parts[0], [(key, title, part) for (_, key, title), part in zip(headings, parts[1:], strict=True)]


def _chart_html(output: NotebookNode, about: OutputMetadata, number: str, folder: Path, lang: str) -> str:
    name, chart = about.name, about.payload
    image = base64.b64decode(output["data"]["image/png"])
    width = output["metadata"].get("image/png", {}).get("width", "")
    parts = slice_image(image, chart["page_breaks"], chart["width_mm"], MAX_HEIGHT)
    pictures = "".join(
        f'<img src="data:image/png;base64,{base64.b64encode(part).decode()}" width="{width}" '
        f'alt="{escape(chart["alt"] if i == 0 else translate("label.continued", lang))}">'
        for i, part in enumerate(parts)
    )
    narrow = folder / "charts" / f"{name}{NARROW}.png"
    if narrow.is_file():
        address = base64.b64encode(narrow.read_bytes()).decode()
        source = f'<source media="(max-width: 40rem)" srcset="data:image/png;base64,{address}">'
        pictures = f"<picture>{source}{pictures}</picture>"
    tall = ' class="high"' if len(parts) > 1 else ""
    files = ", ".join(f'<a href="charts/{quote(name)}.{f}" download>{f.upper()}</a>' for f in ("png", "svg"))
    return (
        f'<figure id="chart-{escape(name)}"{tall}>{pictures}'
        f'<figcaption>{number} <span class="files">({files})</span></figcaption></figure>'  # its title is in it
    )


def _table_html(output: NotebookNode, about: OutputMetadata, number: str, lang: str) -> str:
    rows = str(output["data"]["text/html"])
    if not about.name:
        return rows
    file = f'<span class="files">(<a href="tables/{quote(about.name)}.csv" download>CSV</a>)</span>'
    return f'<p class="caption" id="table-{escape(about.name)}">{number}. {escape(about.title)} {file}</p>{rows}'


def _label_files(folder: Path, ending: str, labels: dict[str, str], lang: str) -> list[tuple[str, str]]:
    """Return the stems of the files of a folder with what readers call them."""
    stems = sorted(p.stem for p in folder.glob(f"*{ending}"))
    return [(s, labels.get(s) or item_title(s, lang)) for s in stems]
