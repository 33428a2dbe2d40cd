"""Make the pages of the site that come from the code: functions, commands, tables, assumptions, recipes (`make docs`).

MkDocs calls the functions whose names begin with ``on_`` while it builds the site.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import latex2mathml.converter
import nbformat
import pandas as pd
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url
from nbconvert import MarkdownExporter
from nbconvert.preprocessors import ExecutePreprocessor

import bhyt_analysis as bhyt
from bhyt_analysis.cli import main
from bhyt_analysis.domain.bundled import packaged_table
from bhyt_analysis.i18n.messages import format_message, translate

ROOT = Path(__file__).parents[1]
# The public names, by what they are about, in the order of the page.
TOPICS = {
    "Data": ("load", "check", "country", "area", "to_successor_units", "Dataset", "AreaView", "InputError"),
    "Coverage": ("coverage", "headline", "decompose"),
    "Law": ("Law", "InForce", "groups"),
    "Reclassification": ("reclassify", "rezone", "unit_losses", "assign_entitlement", "reenrolment"),
    "Money": ("premiums", "household_premium", "full_year_cost", "budget"),
    "Targets": ("people_needed", "target_path", "target_steps", "allocate", "tasks"),
    "Scenarios": (
        "Scenario", "read_scenario", "simulate", "project_area", "compare", "add_comparison_texts", "after_loss",
        "transitions", "target_probabilities", "reported_and_true_rates", "tornado", "break_even", "backtest", "yearly",
        "page_model", "state_scenario",
    ),
    "Monitoring": ("monitor", "verdict", "funnel"),
    "Audit and words": ("audit", "read_plan", "Plan", "explain", "lang"),
    "Briefings": ("Briefing", "run_batch", "BatchOptions", "explore"),
}  # fmt: skip
WORKER_SCRIPT = "https://unpkg.com/iframe-worker/shim"  # MkDocs Material loads it where a page is opened from disk
COPIES = {
    "CHANGELOG.md": "reference/changelog.md",
    "CONTRIBUTING.md": "reference/contributing.md",
    "data/README.md": "reference/data.md",
}
COMMANDS = (
    "brief", "check", "template", "audit", "reclassify", "allocate", "simulate", "monitor", "premium", "law", "explore",
    "release", "verify", "synthetic",
)  # fmt: skip


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that come from the code, and those that stand outside the folder of the site."""
    pages: dict[str, str | bytes] = {page: (ROOT / source).read_text("utf-8") for source, page in COPIES.items()}
    pages |= {
        "reference/api.md": api_page(),
        "reference/charts.md": charts_page(),
        "reference/commands.md": commands_page(),
        "reference/tables.md": tables_page(),
        "mo_hinh/gia_dinh.md": (ROOT / "docs/mo_hinh/gia_dinh.md").read_text("utf-8") + assumptions_table(),
        "mo_hinh/doi_chieu.md": (ROOT / "docs/mo_hinh/doi_chieu.md").read_text("utf-8") + backtest_table(),
        **dict(recipe_pages()),
    }
    for path, content in pages.items():
        if (present := files.get_file_from_path(path)) is not None:
            files.remove(present)
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links to files outside the folder of the site to their pages."""
    for source, target in COPIES.items():
        up = "../" * page.file.src_uri.count("/")
        markdown = markdown.replace(f"]({up}../{source})", f"]({up}{target})")
    if page.file.src_uri in COPIES.values():
        markdown = re.sub(r"\]\(docs/([^)]*)\)", r"](../\1)", markdown)
        markdown = re.sub(r"\]\(README\.md\)", "](../english.md)", markdown)
        for source, target in COPIES.items():
            markdown = markdown.replace(f"]({source})", f"](../{target})")
    return markdown


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Let the search work without a network: its script for pages on disk is our own."""
    return output.replace(WORKER_SCRIPT, get_relative_url("search_from_disk.js", page.url))


def on_post_template(output_content: str, template_name: str, config: MkDocsConfig) -> str:
    """Do the same for the page of what was not found, which a server may show at any address."""
    return output_content.replace(WORKER_SCRIPT, "/search_from_disk.js")


def format_equation(source: str, *_: Any, **__: Any) -> str:
    """Return an equation in TeX as MathML, which browsers show without a script."""
    lines = [latex2mathml.converter.convert(line, display="block") for line in source.split("\n\n") if line.strip()]
    return "\n".join(lines)


def api_page() -> str:
    """Return the page of the functions, from their docstrings; a public name without a topic is an error."""
    listed = [name for names in TOPICS.values() for name in names]
    if missing := set(bhyt._NAMES) ^ set(listed):
        raise ValueError(f"docs/pages.py: TOPICS and the public names differ in {sorted(missing)}")
    lines = ["# Functions", "", "All of `import bhyt_analysis as bhyt`; `help(bhyt.coverage)` prints the same.", ""]
    for topic, names in TOPICS.items():
        lines += [f"## {topic}", ""]
        for name in names:
            path = f"bhyt_analysis.{bhyt._NAMES[name]}.{name}"
            lines += [f"::: {path}", "    options:", f"      heading: bhyt.{name}", f"      toc_label: {name}", ""]
    return "\n".join(lines)


def charts_page() -> str:
    """Return the page of the chart functions."""
    lines = ["# Charts", "", "Pictures of all are in the [gallery](../gallery/README.md).", ""]
    for name in bhyt.charts.__all__:
        function = getattr(bhyt.charts, name)
        if callable(function) and getattr(function, "__module__", "").startswith("bhyt_analysis.charts"):
            lines += [f"::: {function.__module__}.{name}", "    options:", f"      heading: bhyt.charts.{name}", ""]
    return "\n".join(lines)


def commands_page() -> str:
    """Return the page of the commands: the help of each, in Vietnamese and in English."""
    lines = ["# Lệnh", "", "Mỗi lệnh in phần này khi gọi với `--help`; `--lang en` in tiếng Anh.", ""]
    for command in COMMANDS:
        lines += [f"## bhyt {command}", ""]
        for lang, name in (("vi", "Tiếng Việt"), ("en", "English")):
            help_text = "\n    ".join(print_help(command, lang).splitlines())
            lines += [f'=== "{name}"', "", "    ```text", f"    {help_text}", "    ```", ""]
    return "\n".join(lines)


def print_help(command: str, lang: str) -> str:
    """Return what a command prints for --help."""
    with redirect_stdout(io.StringIO()) as output:
        main([command, "--lang", lang, "--help"])
    return output.getvalue().strip()


def tables_page() -> str:
    """Return the page of the tables of an input."""
    columns = packaged_table("domain/tables.csv")
    lines = ["# Bảng đầu vào", "", "Tên cột viết bằng tiếng Việt hoặc tiếng Anh. Cột *bắt buộc* phải có số liệu."]
    lines += ["[Number formats, rules and examples in English](../own_data.md).", ""]
    for table, rows in columns.groupby("table", sort=False):
        lines += [f"## {translate(f'sheet.{table}', 'vi')} (`{table}`)", ""]
        rows = rows.assign(needed=rows["required"].map({"yes": "bắt buộc"}).fillna(""))
        lines += markdown_table(rows, {"name_vi": "Cột", "column": "Mã", "needed": "", "meaning_vi": "Ý nghĩa"})
    return "\n".join(lines)


def assumptions_table() -> str:
    """Return the assumptions with their ranges and sources."""
    rows = packaged_table("model/projection/assumptions.csv")
    ranges = [f"{r.low} – {r.central} – {r.high}" if r.low != r.high else r.low for r in rows.itertuples()]
    names = rows["name_vi"] + "<br>`" + rows["name"] + "`"
    rows = rows.assign(name_vi=names, range=[text.replace(".", ",") for text in ranges])
    headings = {"name_vi": "Giả định", "range": "Thấp – giữa – cao", "unit_vi": "Đơn vị", "source_vi": "Nguồn"}
    studies = packaged_table("model/projection/studies.csv")
    references = [f"- {r.name_vi}: {r.reference}" for r in studies.itertuples()]
    return "\n".join(["", "", *markdown_table(rows, headings), "Các nghiên cứu được dẫn:", "", *references, ""])


def backtest_table() -> str:
    """Return the published cases beside what the model gives for each without knowing it, with what it starts from."""
    rows = bhyt.backtest()
    texts = bhyt.tables.format_table(rows, "vi").set_axis(rows.columns, axis="columns")
    for column in ("published", "model", "low", "high"):
        texts[column] = [figure_text(v, unit) for v, unit in zip(rows[column], rows["unit"], strict=True)]
    texts["published"] = texts["relation"].where(texts["relation"] != "=", "") + " " + texts["published"]
    texts["range"] = (texts["low"] + " – " + texts["high"]).where(rows["low"].notna(), "–")
    headings = {"name": "Đơn vị", "figure": "Chỉ số", "on": "Ngày", "published": "Công bố", "model": "Mô hình"}
    lines = markdown_table(texts, {**headings, "range": "Khoảng 90%", "verdict": "Đánh giá"})
    notes = [f"- {row.name}, {row.on}: {row.basis}. Nguồn: {row.source}." for row in texts.itertuples(index=False)]
    return "\n".join(["", "", *lines, "Cách tính và nguồn:", "", *notes])


def figure_text(value: float, unit: str) -> str:
    """Return a share in per cent or a number of people as Vietnamese write it; a dash for what is missing."""
    return "–" if pd.isna(value) else format_message("{v:p1}" if unit == "share" else "{v:n}", "vi", v=value)


def markdown_table(rows: pd.DataFrame, headings: dict[str, str]) -> list[str]:
    """Return the lines of a table with some columns under their headings."""
    cells = rows[list(headings)].fillna("").astype(str).replace(r"\|", r"\\|", regex=True)
    lines = ["| " + " | ".join(headings.values()) + " |", "|" + "---|" * len(headings)]
    return [*lines, *("| " + " | ".join(row) + " |" for row in cells.itertuples(index=False)), ""]


def recipe_pages() -> Iterator[tuple[str, str | bytes]]:
    """Yield the page of each recipe as it was run now, on a warm kernel, with its pictures, and their list."""
    names, run = {}, ExecutePreprocessor(timeout=300)
    for file in sorted((ROOT / "notebooks" / "recipes").glob("*.ipynb")):
        notebook = nbformat.read(file, as_version=4)
        with patch.dict(os.environ, JUPYTER_DEFAULT_PROVISIONER_NAME="bhyt-warm"):
            run.preprocess(notebook, {"metadata": {"path": str(ROOT)}})
        exporter = MarkdownExporter(exclude_input_prompt=True)
        text, resources = exporter.from_notebook_node(notebook, {"output_files_dir": file.stem})
        names[file.stem] = re.search(r"^# (.*)$", text, flags=re.MULTILINE).group(1)
        yield f"recipes/{file.stem}.md", text
        yield from ((f"recipes/{name}", picture) for name, picture in resources["outputs"].items())
    yield "recipes/index.md", "\n".join(recipe_list(names.items()))


def recipe_list(names: Iterable[tuple[str, str]]) -> list[str]:
    """Return the lines of the list of recipes."""
    lines = ["# Sổ tính mẫu", "", "Mỗi sổ tính trả lời một câu hỏi trong vài dòng; mở trong JupyterLab để sửa.", ""]
    return [*lines, *(f"- [{title}]({stem}.md)" for stem, title in names)]
