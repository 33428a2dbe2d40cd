"""Show what is known of a unit whose insured are not: its people, its targets in people, and a household's premium."""

from __future__ import annotations

from bhyt_analysis.domain.area_view import area_view
from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.explorer.markup import escape_html, render_cards, render_paragraphs, render_stamps
from bhyt_analysis.i18n.messages import BhytError, format_message, translate
from bhyt_analysis.law.law import InForce
from bhyt_analysis.model.finance.premiums import household_premium
from bhyt_analysis.model.targets.targets import target_steps
from bhyt_analysis.tables.formatting import to_html

# The faults of a unit of which neither cards nor a rate with its people are known.
NO_ENROLMENT = {"error.no_start_at_all", "error.no_start", "error.no_start_partial"}
MEMBERS = 4  # of the household of the card
COLUMNS = ["on", "level", "relation", "rate", "population", "people_needed", "status"]


def has_no_enrolment(error: BhytError) -> bool:
    """Return whether an error says that the insured of a unit are not known."""
    return {key for key, _ in error.messages} <= NO_ENROLMENT


def render_uncounted(data: Dataset, area: str, in_force: InForce, day: str, reason: str, lang: str) -> str:
    """Render people, targets and premium of a unit on the day ``day``, and the ``reason`` why there is no more.

    Examples
    --------
    >>> text = render_uncounted(bhyt.load(), "123", bhyt.Law.read().at("2027-01-01"), "2027-01-01", "", "vi")
    >>> "114.460" in text, "107.707" in text
    (True, True)
    """
    view = area_view(data, area)
    count, steps = view.population_at(), target_steps(data, area)
    cards, statuses = [], []
    if count is not None:
        note = translate("explore.counted_on", lang, on=count.as_of)
        cards.append((translate("label.population", lang), format_message("{v:n}", lang, v=count.people), "", note))
        statuses.append(count.status)
    if len(steps):
        step = steps.iloc[0]
        target = translate(f"relation.{step['relation']}", lang) + format_message("{v:pe}", lang, v=step["rate"])
        label = translate("explore.people_for_target", lang, on=step["on"])
        note = translate("explore.for_target", lang, target=target)
        cards.append((label, format_message("{v:n}", lang, v=step["people_needed"]), "", note))
        statuses += list(steps["status"])
    premium = format_message("{v:n}", lang, v=household_premium(MEMBERS, in_force))
    label = translate("explore.premium_of_household", lang, members=MEMBERS)
    cards.append((label, premium, "", translate("explore.vnd_a_year_on", lang, on=day)))
    title = view.name(lang)
    stamps = render_stamps([lowest_quality(statuses)] if statuses else [], lang)
    targets = to_html(steps[COLUMNS], lang) if len(steps) > 1 else ""
    heading = f"<h2>{escape_html(title[:1].upper() + title[1:])}</h2>"
    return f"{heading}{stamps}{render_cards(cards)}{render_paragraphs([reason])}{targets}"
