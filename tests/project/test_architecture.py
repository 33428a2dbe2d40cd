"""docs/architecture.md lists every module and names files that exist.

After a change of modules: ``python -m tests.project.test_architecture`` writes the list anew.
"""

import ast
import fnmatch
import re

from ..conftest import ROOT
from .files import project_files

DOC = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- Written by python -m tests.project.test_architecture -->\n", "<!-- end -->\n"
PACKAGE = ROOT / "bhyt_analysis"


def module_list():
    """Return the modules of each package with the first sentence of their docstrings, as Markdown."""
    text = ""
    for folder in sorted(p.parent for p in PACKAGE.rglob("__init__.py")):
        modules = sorted(p for p in folder.glob("*.py") if p.name != "__init__.py")
        name = folder.relative_to(PACKAGE.parent).as_posix()
        text += f"\n### `{name}/`\n\n" + "".join(f"- `{p.stem}`: {purpose(p)}\n" for p in modules)
    return text + "\n"


def purpose(path):
    """Return the first sentence of a module's docstring."""
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return " ".join(docstring.split("\n\n")[0].split())


def test_the_list_of_modules_is_that_of_the_tree():
    assert DOC.read_text("utf-8").split(BEGIN)[1].split(END)[0] == module_list()


def test_every_file_that_the_page_names_exists():
    page = DOC.read_text("utf-8").split(BEGIN)[0] + DOC.read_text("utf-8").split(END)[1]
    files = re.findall(r"`([\w./*]+\.(?:py|csv|ipynb|toml|md))`", page)
    assert len(files) > 20
    tracked = project_files()
    for name in files:
        assert fnmatch.filter(tracked, f"*{name}"), name


if __name__ == "__main__":
    before, rest = DOC.read_text("utf-8").split(BEGIN)
    DOC.write_text(before + BEGIN + module_list() + END + rest.split(END)[1], encoding="utf-8", newline="\n")
