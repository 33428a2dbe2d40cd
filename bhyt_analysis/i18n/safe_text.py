"""Write texts as they are into Markdown, HTML, plain text, sheets and terminals: no part of them becomes markup.

A text of the project is plain: the names, sources and cells in it mean nothing but themselves. What is marked in it
is between the signs `STRONG` or `EMPHASIS`, and a line that begins with `BULLET` is one of a list. These are private
characters of Unicode, which messages hold (``**`` in their files) and no cell of an input does.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import TextIO

from bhyt_analysis.i18n.text import printable

STRONG, EMPHASIS, BULLET = "\uf8f0", "\uf8f1", "\uf8f2"
MAX_TITLE = 255  # letters of a document's properties
# JupyterLab sets formulas wherever two of these are in one element, also in what HTML and Markdown have escaped.
_FORMULA = {"$": "<span>&#36;</span>", "\\": "<span>&#92;</span>"}
_HTML = str.maketrans({**{c: html.escape(c) for c in "<>&\"'"}, **_FORMULA})
# A number of a character is never taken for a sign of Markdown.
_MARKDOWN = {ord(c): f"&#{ord(c)};" for c in "&<>*_`~[]|#@{}"} | str.maketrans(_FORMULA)
_MARKDOWN |= {ord(STRONG): "**", ord(EMPHASIS): "*"}
_LINE_START = re.compile(r"[-+=:]|\d+[.)](?= |$)")
_HIDDEN = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]")
_ADDRESS = re.compile(r":(?=//)|(?<=www)\.", re.IGNORECASE)  # which Jupyter makes a link
_SIGNS = re.compile(f"[{STRONG}{EMPHASIS}{BULLET}]")
_NUMBER = re.compile(r"[-+]?\d[\d.,]*%?")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def to_markdown(text: str) -> str:
    r"""Return Markdown that shows a text: its bold parts and lists, and everything else as it is written.

    Examples
    --------
    >>> to_markdown(f"{STRONG}85%{STRONG} of <b> *x*\n{BULLET}- 1")
    '**85%** of &#60;b&#62; &#42;x&#42;\n- &#45; 1'
    """
    return "\n".join(_markdown_line(line) for line in text.split("\n"))


def _markdown_line(line: str) -> str:
    bullet, line = line.startswith(BULLET), line.removeprefix(BULLET).strip()
    safe = _ADDRESS.sub(lambda sign: f"&#{ord(sign[0])};", line.translate(_MARKDOWN))
    if start := _LINE_START.match(safe):  # of a list, of the underline of a heading, of a definition
        end = start.end()
        safe = f"{safe[: end - 1]}&#{ord(safe[end - 1])};{safe[end:]}"
    return f"- {safe}" if bullet else safe


def from_markdown(text: str) -> str:
    r"""Return the text that Markdown shows: what `to_markdown` gives, and of an analyst's own bold, italic and lists.

    Examples
    --------
    >>> text = f"{BULLET}{STRONG}85%{STRONG} of <b> *x*"
    >>> from_markdown(to_markdown(text)) == text
    True
    """
    text = re.sub(r"^- ", BULLET, text, flags=re.MULTILINE)
    text = re.sub(r"\*\*(.+?)\*\*", rf"{STRONG}\1{STRONG}", text)
    text = re.sub(r"\*(.+?)\*", rf"{EMPHASIS}\1{EMPHASIS}", text)
    return html.unescape(re.sub(r"</?span>", "", text))


def split_emphasis(line: str) -> Iterator[tuple[str, bool, bool]]:
    """Yield the parts of a line: their text, and whether it is bold or italic.

    Examples
    --------
    >>> list(split_emphasis(f"{STRONG}85%{STRONG} of *x*"))
    [('85%', True, False), (' of *x*', False, False)]
    """
    bold = italic = False
    for part in re.split(f"([{STRONG}{EMPHASIS}])", line.replace(BULLET, "")):
        if part == STRONG:
            bold = not bold
        elif part == EMPHASIS:
            italic = not italic
        elif part:
            yield part, bold, italic


def plain_text(text: str) -> str:
    """Return a text without the signs of what is marked."""
    return _SIGNS.sub("", text)


def to_html(text: str) -> str:
    """Return HTML that shows a text, for elements and not for attributes.

    Examples
    --------
    >>> to_html("<b> $x$")
    '&lt;b&gt; <span>&#36;</span>x<span>&#36;</span>'
    """
    return plain_text(text).translate(_HTML)


def to_sheet(text: str) -> str:
    """Return a text for a CSV file or the clipboard: a spreadsheet would compute one that looks like a formula.

    It then begins with an apostrophe, which `from_sheet` takes off again. Numbers stay as they are.

    Examples
    --------
    >>> to_sheet("=1+1"), to_sheet("-2+3"), to_sheet("-5"), to_sheet("Xã A")
    ("'=1+1", "'-2+3", '-5', 'Xã A')
    """
    return "'" + text if text.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(text) else text


def from_sheet(text: str) -> str:
    """Return the text of a cell without the apostrophe that keeps it from being a formula.

    Examples
    --------
    >>> from_sheet("'=1+1"), from_sheet("'quoted'")
    ('=1+1', "'quoted'")
    """
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA_STARTS) else text


def to_terminal(text: str) -> str:
    """Return a text for a terminal: without codes that move the cursor, colour, or hide what is written.

    Examples
    --------
    >>> to_terminal("Xã \\x1b[31mA\\x9b2J")
    'Xã [31mA2J'
    """
    return printable(plain_text(text))


def to_json(content: object, ascii_only: bool = False) -> str:
    """Return JSON whose texts are those of the content, with numbers for what a terminal would not show or obey.

    ``ascii_only``: with numbers for all other letters, too.

    Examples
    --------
    >>> to_json("Xã \\x1b[31mA\\x9b2J")
    '"Xã \\\\u001b[31mA\\\\u009b2J"'
    """
    text = json.dumps(content, ensure_ascii=ascii_only, indent=1, default=str)
    return _HIDDEN.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)


def print_text(*texts: object, sep: str = " ", file: TextIO | None = None) -> None:
    """Print texts to a terminal or a file: see `to_terminal`."""
    print(*(to_terminal(str(text)) for text in texts), sep=sep, file=file)


def to_title(text: str) -> str:
    """Return a text for the properties of a document, which hold `MAX_TITLE` letters."""
    return text if len(text) <= MAX_TITLE else text[: MAX_TITLE - 1] + "…"
