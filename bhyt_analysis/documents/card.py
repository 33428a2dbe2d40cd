"""Write what is shared in messages: a picture of 1080 by 1350 with the verdict and its chart, and a short text."""

from __future__ import annotations

from pathlib import Path

from bhyt_analysis.charts.share_card import draw_share_card
from bhyt_analysis.documents.brief import figure_sources, split_sentences, verdict_lines
from bhyt_analysis.documents.content import Content
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.safe_text import BULLET, plain_text

MAX_LETTERS = 300  # of the text
NARROW_WIDTH = 80.0  # mm of a chart for phones


def write_card(content: Content, picture: Path, text: Path) -> None:
    """Write the picture and the text of a briefing."""
    chart = content.item("verdict", "chart") or next(iter(content.of_kind("chart")), None)
    pictures = [(chart.image, chart.chart.width_mm if chart.chart else 160.0)] if chart else []
    pictures += [(chart.narrow, NARROW_WIDTH)] if chart and chart.narrow else []
    source = "" if chart and chart.chart and chart.chart.source else next(figure_sources(content), "")
    notes = [content.internal_stamp, translate("label.reference", content.lang)]
    notes += [f"{translate('label.source', content.lang)}: {source}"] if source else []
    draw_share_card(
        picture,
        heading=content.area_heading,
        verdict=verdict_sentence(content),
        pictures=pictures,
        stamps=stamps(content),
        note=". ".join(note.rstrip(".") for note in notes if note) + ".",
    )
    text.write_text(share_text(content) + "\n", encoding="utf-8", newline="\n")


def verdict_sentence(content: Content) -> str:
    """Return the verdict without emphasis, or what a briefing without one says first."""
    lines = verdict_lines(content)
    return plain_text(lines[0].removeprefix(BULLET)) if lines else content.title


def stamps(content: Content) -> list[str]:
    """Return the words that mark weak figures of the verdict's chart or of the headline figures."""
    chart, headline = content.item("verdict", "chart"), content.table("headline")
    if chart is not None and chart.chart is not None:
        return [translate(f"stamp.{tag}", content.lang) for tag in chart.chart.tags]
    return [headline.stamp] if headline is not None and headline.stamp else []


def share_text(content: Content) -> str:
    """Return the area, its verdict and as many more sentences as fit, in at most `MAX_LETTERS` letters."""
    mark = "".join(f" [{stamp}]" for stamp in stamps(content))
    more = [s for line in verdict_lines(content)[1:] for s in split_sentences(plain_text(line.removeprefix(BULLET)))]
    text, space = f"{content.area_heading}: {verdict_sentence(content)}", MAX_LETTERS - len(mark)
    if len(text) > space:
        text = text[: space - 1].rpartition(" ")[0].rstrip(",;:") + "…"
    for sentence in more:
        if len(text) + 1 + len(sentence) > space:
            break
        text = f"{text} {sentence}"
    return text + mark
