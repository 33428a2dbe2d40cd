"""Choose the slides of a briefing and what each says: a sentence with its number as title, and no text twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bhyt_analysis.documents.brief import figure_sources, proposal_lines, split_sentences
from bhyt_analysis.documents.content import Block, Content
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.safe_text import BULLET, plain_text

MAX_SLIDES, MIN_SLIDES = 15, 8  # with that of the title
MAX_TITLE, USUAL_TITLE = 220, 150  # letters; a longer one ends at a semicolon where it has one
MAX_DECISIONS = 3  # on the slide of the verdict
VERDICT = "verdict"
# Items that have a slide of their own beside the charts, in this order after the verdict.
ITEMS = (("headline", "table"), ("tasks", "table"), ("needed", "text"), ("audit", "table"), ("sources", "table"))
# Charts that are left out first where there are too many slides.
OPTIONAL_CHARTS = (
    *("watch_funnel", "watch_expiring", "commune_people", "slope", "premium", "watch_states", "reenrolled", "cost"),
    *("groups", "scenario_path", "lost"),
)
EXTRA_TABLES = ("support", "subgroups", "lost")  # added where there are too few slides


@dataclass(frozen=True)
class SlideMessage:
    """A slide: its title, the chart, table or text that it shows, and the lines beside it."""

    title: str
    block: Block
    lines: tuple[str, ...] = ()


@dataclass
class _Texts:
    """The sentences of a briefing that no slide has said yet."""

    content: Content
    used: set[str] = field(default_factory=set)

    def take_title(self, texts: Sequence[str], alt: str = "") -> str:
        """Return a sentence with a number for a title: the first, or that with most figures of ``alt``; "" for none.

        ``alt``: of a chart whose text is also about other things; a sentence without a new figure comes last then.
        """
        numbers, old = set(_numbers(alt)), {n for s in self.used for n in _numbers(s)}
        sentences = [s for text in texts for s in _sentences(text) if s not in self.used and _numbers(s)]
        sentences = [s for s in sentences if len(_title(s)) <= MAX_TITLE]
        rank = {s: (bool(set(_numbers(s)) - old), len(numbers & set(_numbers(s)))) for s in sentences}
        best = max(sentences, key=lambda s: rank[s] if alt else (True, 0), default="")
        self.used.add(best)
        return _title(best)

    def take_lines(self, text: str) -> tuple[str, ...]:
        """Return the paragraphs and bullets of a text without what was said."""
        lines = []
        for line in (line for line in text.split("\n") if line.strip()):
            rest = [s for s in split_sentences(line.removeprefix(BULLET)) if plain_text(s) not in self.used]
            self.used.update(plain_text(s) for s in rest)
            if rest:
                lines.append((BULLET if line.startswith(BULLET) else "") + " ".join(rest))
        return tuple(lines)


def choose_messages(content: Content, is_readable: Callable[[Block], bool]) -> list[SlideMessage]:
    """Return the slides after that of the title, the verdict first, the rest in the order of the briefing.

    A chart without a sentence of its own has no slide, nor has one whose figures the verdict's chart has.
    ``is_readable``: whether the letters of a chart are large enough on a slide.
    """
    texts = _Texts(content)
    blocks = _choose_blocks(content, is_readable)
    messages = [_message(content, texts, block) for block in blocks]
    return [m for m in messages if m.title and (m.lines or m.block.kind != "text" or m.block.name == VERDICT)]


def _choose_blocks(content: Content, is_readable: Callable[[Block], bool]) -> list[Block]:
    verdict = content.item(VERDICT, "chart") or content.item(VERDICT, "text") or content.item("summary", "text")
    first = [verdict] if verdict else []
    title = 0 if verdict and verdict.name == VERDICT else 1  # the verdict needs no slide with the title before it
    figures = _figures(verdict) if verdict else None
    charts = [b for b in content.of_kind("chart") if b.name and is_readable(b) and b is not verdict]
    charts = [b for b in charts if _has_message(content, b) and (figures is None or _figures(b) != figures)]
    items = [b for name, kind in ITEMS if (b := content.item(name, kind))]
    if content.item("tasks", "table"):
        items = [b for b in items if (b.name, b.kind) != ("needed", "text")]
    for name in OPTIONAL_CHARTS:
        if title + len(first) + len(items) + len(charts) > MAX_SLIDES:
            charts = [c for c in charts if c.name != name]
    charts = charts[: MAX_SLIDES - title - len(first) - len(items)]
    extra = [b for name in EXTRA_TABLES if (b := content.item(name, "table"))]
    missing = max(0, MIN_SLIDES - title - len(first) - len(items) - len(charts))
    order = {id(b): i for i, b in enumerate(content.blocks)}
    return [*first, *sorted([*items, *charts, *extra[:missing]], key=lambda b: order[id(b)])]


def _figures(block: Block) -> object:
    """Return the figures of a chart, by which it is the same as another one; None for what has none."""
    chart = block.chart
    return (chart.categories, tuple(s.values for s in chart.series)) if chart is not None and chart.series else None


def _has_message(content: Content, block: Block) -> bool:
    return any(_numbers(text) for text in _texts_of(content, block))


def _message(content: Content, texts: _Texts, block: Block) -> SlideMessage:
    """Return what the slide of a block says."""
    own = _texts_of(content, block)
    alt = block.chart.alt if block.chart and not content.item(block.name, "text") else ""
    if block.name in (VERDICT, "summary"):
        return _verdict_message(content, texts, block)
    if block.name == "sources":
        count = len(list(figure_sources(content)))
        return SlideMessage(translate("slide.sources", content.lang, count=count) if count else block.caption, block)
    if block.name == "tasks" and block.table is not None:
        return SlideMessage(translate("slide.tasks", content.lang, count=len(block.table.rows)), block)
    if block.name == "headline":
        own = [b.text for name in ("verdict_details", "summary") if (b := content.item(name, "text"))]
    title = texts.take_title(own, alt)
    if block.kind == "table":
        return SlideMessage(title or block.caption, block)
    lines = texts.take_lines(own[0] if block.kind == "chart" and own else block.text)
    return SlideMessage(title, block, lines)


def _verdict_message(content: Content, texts: _Texts, block: Block) -> SlideMessage:
    """Return the slide of the verdict: its sentence, what it rests on, and the first decisions."""
    text = content.item(VERDICT, "text") or block
    title = next((s.rstrip(".") for s in _sentences(text.text)), block.caption)
    texts.used.update(_sentences(text.text)[:1])
    details = content.item("verdict_details", "text")
    lines = [*texts.take_lines(text.text), *(texts.take_lines(details.text) if details else ())]
    own = content.item("decisions", "text")
    decisions = [line for line in own.text.split("\n") if line.strip()] if own else []
    decisions = [BULLET + line.removeprefix(BULLET) for line in decisions or proposal_lines(content)][:MAX_DECISIONS]
    texts.used.update(s for line in decisions for s in _sentences(line))
    return SlideMessage(title, block, (*lines, *decisions))


def _texts_of(content: Content, block: Block) -> list[str]:
    """Return the text of an item, else the one before it in its section, unless another chart has that."""
    if block.kind == "text":
        return [block.text]
    if own := content.item(block.name, "text"):
        return [own.text]
    for _, blocks in content.sections():
        if block in blocks:
            before = [b for b in blocks[: blocks.index(block)] if b.kind == "text"]
            if before and not content.item(before[-1].name, "chart"):
                return [before[-1].text]
    return []


def _sentences(text: str) -> list[str]:
    return [plain_text(s) for line in text.split("\n") for s in split_sentences(line.removeprefix(BULLET))]


def _title(sentence: str) -> str:
    """Return a sentence as a title: without its full stop, and up to a semicolon where it is long."""
    title = sentence.rstrip(".")
    return title.partition("; ")[0] if len(title) > USUAL_TITLE else title


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d[\d.,]*\d|\d", text)
