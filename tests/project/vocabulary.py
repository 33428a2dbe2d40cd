"""Find names and wording that this project does without: ``python -m tests.project.vocabulary PATH ...``."""

from __future__ import annotations

import ast
import io
import json
import re
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

LISTS = tomllib.loads(Path(__file__).with_name("vocabulary.toml").read_text("utf-8"))
IDENTIFIERS = set(LISTS["identifiers"])
ALLOWED = set(LISTS["allowed"])
FIRST_WORDS = set(LISTS["first_words"])
PHRASES = re.compile(rf"\b({'|'.join(LISTS['phrases'])})\b", re.IGNORECASE)
LINE_LENGTH = 120
TEST_NAME_LENGTH = 70
Fault = tuple[int, str]  # line, what is wrong


def faults(path: Path) -> list[Fault]:
    """Return what is wrong with a Python file, a notebook or a Markdown file."""
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        return sorted(_prose_faults(text))
    if path.suffix == ".ipynb":
        return sorted(fault for cell in json.loads(text)["cells"] for fault in _cell_faults(cell))
    tree = ast.parse(text)
    every = [*_name_faults(tree), *_docstring_faults(tree, path), *_comment_faults(text, tree), *_line_faults(text)]
    return sorted(every + (list(_test_name_faults(tree)) if path.name.startswith("test_") else []))


def _cell_faults(cell: dict[str, object]) -> Iterator[Fault]:
    source = "".join(map(str, cell["source"]))  # type: ignore[call-overload]
    if cell["cell_type"] == "code":
        yield from _name_faults(ast.parse(source))
        yield from _comment_faults(source, ast.parse(source))
    else:
        yield from _prose_faults(source)


def _names(tree: ast.AST, owner: str = "") -> Iterator[tuple[int, str, str]]:
    """Yield each name that the code gives to something, with its line and the class that holds it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name, owner
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id, owner
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr, owner
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg, owner
        elif isinstance(node, ast.alias) and node.asname:
            yield node.lineno, node.asname, owner
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.lineno, node.name, owner
        yield from _names(node, node.name if isinstance(node, ast.ClassDef) else owner)


def _name_faults(tree: ast.AST) -> Iterator[Fault]:
    for line, name, owner in _names(tree):
        if name.strip("_") in IDENTIFIERS and f"{owner}.{name}" not in ALLOWED:
            yield line, f"name {name}"


def _docstring_faults(tree: ast.Module, path: Path) -> Iterator[Fault]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        text, line = ast.get_docstring(node), getattr(node, "lineno", 1)
        if not text:
            continue
        if "?" in text.split("\n\n")[0]:
            yield line, "docstring asks a question"
        function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if function and not path.name.startswith("test_") and text.split()[0] in FIRST_WORDS:
            yield line, f"docstring begins with {text.split()[0]}"
        if match := PHRASES.search(text):
            yield line, f'docstring has "{match[0]}"'


def _comment_faults(source: str, tree: ast.Module) -> Iterator[Fault]:
    tables = set(_constant_tables(tree))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        if match := PHRASES.search(token.string):
            yield token.start[0], f'comment has "{match[0]}"'
        if "fmt: skip" in token.string and token.start[0] not in tables:
            yield token.start[0], "fmt: skip that is not on a table of constants"


def _constant_tables(tree: ast.Module) -> Iterator[int]:
    """Yield the last line of each literal list, tuple, set or dict that is given a name."""
    for node in ast.walk(tree):
        literal = isinstance(node, ast.Assign | ast.AnnAssign) and node.value
        if isinstance(literal, ast.Tuple | ast.List | ast.Dict | ast.Set):
            yield literal.end_lineno or 0


def _line_faults(source: str) -> Iterator[Fault]:
    for number, line in enumerate(source.split("\n"), 1):
        if len(line) > LINE_LENGTH:
            yield number, f"line of {len(line)} characters"


def _test_name_faults(tree: ast.Module) -> Iterator[Fault]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            if len(node.name) > TEST_NAME_LENGTH:
                yield node.lineno, f"test name of {len(node.name)} characters"
            if match := PHRASES.search(node.name.replace("_", " ")):
                yield node.lineno, f'test name has "{match[0]}"'


def _prose_faults(text: str) -> Iterator[Fault]:
    code = re.sub(r"```.*?```", lambda m: "\n" * m[0].count("\n"), text, flags=re.DOTALL)
    for number, line in enumerate(code.split("\n"), 1):
        if match := PHRASES.search(re.sub(r"`[^`]*`|\([^)]*\.\w+\)", "", line)):
            yield number, f'text has "{match[0]}"'


def main(arguments: list[str]) -> int:
    """Print the faults of files, and of the Python files below folders."""
    count = 0
    for place in map(Path, arguments):
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            for line, fault in faults(path):
                print(f"{path}:{line}: {fault}")
                count += 1
    return min(count, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
