"""What an analyst calls says its parameters, what it returns, what it raises, and how it is called."""

import ast
import inspect
import re
import textwrap

import pytest

import bhyt_analysis as bhyt

SECTION = re.compile(r"^(Parameters|Attributes|Returns|Raises|Source|References|Notes|Examples)\n-+$", re.MULTILINE)
MODULES = {
    "charts": bhyt.charts.__all__,
    "tables": bhyt.tables.__all__,
    "monitoring": ("monthly_counts", "nowcast", "expiring_cards"),
    "notebook": ("show_heading", "show_chart", "show_table"),
}
# What Python or Jupyter calls.
NOT_CALLED = {"card"}


def public_calls():
    """Return the public functions, classes and their public methods, by name."""
    calls = {}
    for name in bhyt.__all__:
        value = getattr(bhyt, name)
        if inspect.isclass(value):
            calls[name] = value
            for method, own in vars(value).items():
                function = inspect.unwrap(getattr(own, "__func__", own)) if not isinstance(own, property) else None
                if inspect.isfunction(function) and method[0] != "_" and method not in NOT_CALLED:
                    calls[f"{name}.{method}"] = getattr(value, method)
        elif inspect.isfunction(value):
            calls[name] = value
    for module, names in MODULES.items():
        own = {f"{module}.{name}": getattr(getattr(bhyt, module), name) for name in names}
        calls |= {name: value for name, value in own.items() if inspect.isfunction(value)}
    return calls


CALLS = public_calls()


def sections(call):
    """Return the parts of a docstring by their headings; "" for what is before the first."""
    parts = SECTION.split(inspect.getdoc(call) or "")
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def described(text):
    """Return the names that begin the items of a section: names on a line, what they are in the lines below."""
    names = set()
    for item in re.split(r"\n(?=\S)", text.strip()):
        head, _, meaning = item.partition("\n")
        if re.fullmatch(r"\w+(, \w+)*", head) and re.match(r" {4}\S", meaning):
            names |= set(head.split(", "))
    return names


def parameters(call):
    """Return the parameters of a function, or the fields of a class that are given when it is made."""
    names = {n: p for n, p in inspect.signature(call).parameters.items() if n not in ("self", "cls")}
    return {n for n in names if n[0] != "_"}


def can_raise(call):
    """Return whether the code of a function raises an error of its own, or calls what checks its input."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(call))))
    calls = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    raises = any(isinstance(n, ast.Raise) and n.exc is not None for n in ast.walk(tree))
    return raises or bool(calls & {"raise_faults", "check_lang", "area_view", "find_unit", "parse_date"})


@pytest.mark.parametrize("name", sorted(CALLS))
def test_it_begins_with_a_sentence_and_has_an_example(name):
    parts = sections(CALLS[name])
    assert parts[""].split("\n")[0].rstrip().endswith((".", ":")), parts[""]
    assert ">>> " in parts.get("Examples", ""), parts.keys()


@pytest.mark.parametrize("name", sorted(CALLS))
def test_every_parameter_is_described(name):
    call = CALLS[name]
    if inspect.isclass(call) and issubclass(call, Exception):
        return
    parts = sections(call)
    names = described(parts.get("Parameters", "")) | described(parts.get("Attributes", ""))
    assert parameters(call) - names == set()
    if not inspect.isclass(call):
        assert names - parameters(call) == set()


@pytest.mark.parametrize("name", sorted(n for n, c in CALLS.items() if inspect.isfunction(c) or inspect.ismethod(c)))
def test_it_says_what_it_returns_and_raises(name):
    call = CALLS[name]
    parts = sections(call)
    if inspect.signature(call).return_annotation not in (None, "None"):
        assert re.match(r"\S+.*\n {4}\S", parts.get("Returns", "").strip())
    if can_raise(call):
        assert re.match(r"[\w, ]+\n {4}\S", parts.get("Raises", "").strip())


def test_the_sections_come_in_one_order():
    order = ["", "Parameters", "Attributes", "Returns", "Raises", "Source", "References", "Notes", "Examples"]
    for name, call in CALLS.items():
        own = list(sections(call))
        assert own == sorted(own, key=order.index), name
