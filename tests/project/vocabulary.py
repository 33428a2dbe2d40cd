"""Find the names and the wording that this project does without: ``python -m tests.project.vocabulary PATH ...``."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

LIST = tomllib.loads(Path(__file__).with_name("vocabulary.toml").read_text("utf-8"))
IDENTIFIERS, PHRASES = set(LIST["identifiers"]), re.compile(rf"\b({'|'.join(LIST['phrases'])})\b", re.IGNORECASE)
LINE = 120
TEST_NAME = 70


def names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield each name that the code gives to something, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.alias) and node.asname:
            yield node.lineno, node.asname
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.lineno, node.name


def docstrings(tree: ast.Module) -> Iterator[tuple[int, str, ast.AST]]:
    """Yield each docstring with its line and its owner."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield getattr(node, "lineno", 1), text, node


def constant_tables(tree: ast.Module) -> Iterator[int]:
    """Yield the last line of each literal list, tuple, set or dict that is given a name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(
            node.value, ast.Tuple | ast.List | ast.Dict | ast.Set
        ):
            yield node.end_lineno or 0


def faults(path: Path) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with a Python file, with its line."""
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    test = path.name.startswith("test_")
    for line, name in names(tree):
        if name.lstrip("_") in IDENTIFIERS and not ({f"{o}.{name}" for o in ("Law",)} & set(LIST["allowed"])):
            yield line, f"name {name}"
        if test and name.startswith("test_") and len(name) > TEST_NAME:
            yield line, f"test name of {len(name)} characters"
        if (
            test
            and name.startswith("test_")
            and (words := set(name.split("_")) & IDENTIFIERS & {"told", "stands", "laid", "heeded", "stood", "said"})
        ):
            yield line, f"test name says {words}"
    for line, text, owner in docstrings(tree):
        first = text.split("\n\n")[0]
        if "?" in first:
            yield line, "docstring asks a question"
        if not isinstance(owner, ast.Module | ast.ClassDef) and not test and text.split()[0] in LIST["first_words"]:
            yield line, f"docstring begins with {text.split()[0]}"
        if found := PHRASES.search(text):
            yield line, f"docstring says {found[0]}"
    tables = set(constant_tables(tree))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and (found := PHRASES.search(token.string)):
            yield token.start[0], f"comment says {found[0]}"
        if (
            token.type == tokenize.COMMENT
            and "fmt: skip" in token.string
            and token.line.rstrip().startswith((")", "    )", "        )"))
        ):
            yield token.start[0], "fmt: skip on a call"
    for number, line in enumerate(source.split("\n"), 1):
        if len(line) > LINE:
            yield number, f"line of {len(line)} characters"


if __name__ == "__main__":
    every = [
        p
        for given in sys.argv[1:]
        for p in ([Path(given)] if Path(given).is_file() else sorted(Path(given).rglob("*.py")))
    ]
    for path in every:
        for line, text in sorted(faults(path)):
            print(f"{path}:{line}: {text}")
