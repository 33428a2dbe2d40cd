"""Make the briefing of one area: section by section, with its files."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bhyt_analysis import __version__
from bhyt_analysis.briefing.facts import Facts, fact_marks, fact_title, facts_by_key, format_fact, read_facts
from bhyt_analysis.briefing.items import Item, unit_label
from bhyt_analysis.briefing.metadata import OutputMetadata
from bhyt_analysis.briefing.notebook import section_title, show_item, show_text
from bhyt_analysis.briefing.published import needs_protection, read_hidden, shorten_item, write_published
from bhyt_analysis.briefing.what_if import write_model
from bhyt_analysis.domain.area_view import AreaView, area_view, find_unit
from bhyt_analysis.domain.country import country_unit
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.decisions import default_decision
from bhyt_analysis.domain.findings import finding_message
from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.cards import HasCard, Rows
from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.dates import DateLike, parse_date
from bhyt_analysis.i18n.failures import name_file
from bhyt_analysis.i18n.languages import lang as chosen_lang
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.i18n.safe_text import EMPHASIS, STRONG, plain_text
from bhyt_analysis.i18n.text import clean_line
from bhyt_analysis.i18n.unit_names import inline_name
from bhyt_analysis.ingest.scenario_files import read_scenario
from bhyt_analysis.law.groups import groups_flagged
from bhyt_analysis.law.law import InForce, Law
from bhyt_analysis.model.actions.tasks import tasks
from bhyt_analysis.model.coverage.headline import Fact, headline
from bhyt_analysis.model.coverage.reporting import has_enrolment
from bhyt_analysis.model.distribution.controlled_rounding import is_rounded
from bhyt_analysis.model.projection.scenario import Scenario
from bhyt_analysis.model.reclassification.reclassify import unit_losses
from bhyt_analysis.model.targets.targets import binding_targets, nearest_targets
from bhyt_analysis.quality.plan_audit import audit
from bhyt_analysis.tables.hidden_cells import HiddenCells, use_hidden
from bhyt_analysis.tables.internal_copy import DISCLOSURE, INTERNAL, check_disclosure, use_disclosure

if TYPE_CHECKING:
    from bhyt_analysis.briefing.sections import Section


@dataclass(frozen=True, eq=False, repr=False)
class Briefing(HasCard):
    """The briefing of an area, which is the name or code of a unit.

    Attributes
    ----------
    data
        what `load` gives.
    area
        name or code of a unit.
    law
        the law, such as `Law.read()`.
    scenario
        set beside the law in force: a `Scenario`, the name of a bundled one or the path of a file; or None.
    as_of
        the last day of the figures to use; None is the latest.
    lang
        "vi" or "en"; left out, the language of `bhyt_analysis.lang`.
    seed
        of what is drawn at random.
    decision
        on zones; None is what `default_decision` gives.
    out
        the folder for charts, tables and facts; None writes nothing.
    disclosure
        "off" makes an internal copy, in which no small count is hidden and which says so.
    tables, items
        the table that each section was made from, and its items, by the name of the section.

    Raises
    ------
    BhytError
        for an area, a day or a disclosure that there is not.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> briefing = Briefing(bhyt.load(), "Sơn Dương", Law.read(), lang="en")
    >>> briefing.code, briefing.name, briefing.decision_name
    ('076', 'Sơn Dương district', 'Decision 861')
    """

    data: Dataset
    area: str
    law: Law
    scenario: Scenario | None = None
    as_of: DateLike | None = None
    lang: str = field(default_factory=chosen_lang)
    seed: int = 1
    decision: str | None = None
    out: str | Path | None = None
    disclosure: str = DISCLOSURE[0]
    tables: dict[str, pd.DataFrame] = field(default_factory=dict, init=False, repr=False)
    items: dict[str, list[Item]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        clock.begin_period()
        check_disclosure(self.disclosure)
        if isinstance(self.scenario, str | Path):  # the name of a bundled one, or the path of a file
            object.__setattr__(self, "scenario", read_scenario(self.scenario, self.lang))
        decision = self.decision or default_decision(self.data, self.area, self.as_of)
        object.__setattr__(self, "decision", decision and clean_line(decision))

    def card(self) -> tuple[str, Rows]:
        """Return the area, with which figures and choices its briefing is made, and where its files are."""
        scenario = "" if self.scenario is None else self.scenario.card()[0].partition(": ")[2]
        return translate("card.briefing", name=self.name), [
            *self.view.card()[1],
            (translate("card.scenario_label"), scenario),
            (translate("card.files"), "" if self.out is None else str(self.out)),
        ]

    @cached_property
    def view(self) -> AreaView:
        """Return the area as it was known on the day of the briefing."""
        return area_view(self.data, self.area, self.as_of)

    @property
    def code(self) -> str:
        """Return the code of the unit."""
        return self.view.code

    @cached_property
    def unit_data(self) -> Dataset:
        """Return the rows of the area, also those of later days."""
        day = None if self.as_of is None else pd.Timestamp(parse_date(self.as_of))
        data, unit = self.data.result(find_unit, self.area, day)
        return area_view(data, unit).data

    @property
    def data_as_of(self) -> Dataset:
        """Return the rows of the area as they were known on the day of the briefing."""
        return self.view.data

    @cached_property
    def name(self) -> str:
        """Return the name of the unit within a sentence."""
        return unit_label(self.unit_data, self.code, self.lang)

    @cached_property
    def has_enrolment(self) -> bool:
        """Return whether anything is known of who is insured; without it the briefing is one page."""
        return has_enrolment(self.view)

    @cached_property
    def target_owner(self) -> str:
        """Return the name of the unit above whose targets count; "" for targets of the unit's own."""
        levels = nearest_targets(binding_targets(self.data_as_of, self.code))["level"]
        owner = next((unit for unit in self.view.lineage[1:] if unit.kind in set(levels)), None)
        return "" if owner is None else unit_label(self.data_as_of, owner.code, self.lang)

    @property
    def decision_name(self) -> str:
        """Return what texts call the decision: "Decision 861", or its own name where it has no number."""
        number = self.decision or ""
        return translate("label.decision", self.lang, decision=number) if number.isdigit() else number

    @cached_property
    def hidden(self) -> HiddenCells | None:
        """Return what is hidden because of all areas of a batch together; None where nothing is, or no batch runs."""
        return None if self.disclosure == "off" else read_hidden(self.out)

    @property
    def figures(self) -> pd.DataFrame:
        """Return the headline figures: those that the section of them was made from, else all."""
        table = self.tables.get("headline")
        return self._all_figures if table is None else table

    @cached_property
    def _all_figures(self) -> pd.DataFrame:
        return headline(self.unit_data, self.law, self.code, self.as_of, self.decision)

    @property
    def facts(self) -> Facts:
        """Return the headline figures by key."""
        return facts_by_key(self.figures)

    @cached_property
    def findings(self) -> pd.DataFrame:
        """Return the findings of `audit` on the area and on the unit right above it, with the unit's ``name``."""
        data = self.unit_data
        units = [u.code for u in self.view.lineage[:2] if u.kind != "country"]
        tables = [audit(data, u, self.lang).assign(name=unit_label(data, u, self.lang)) for u in units]
        return pd.concat(tables, ignore_index=True)

    @property
    def tasks(self) -> pd.DataFrame:
        """Return what is to be done: the table that the section of it was made from, else all tasks."""
        table = self.tables.get("actions")
        return tasks(self.data_as_of, self.law, self.area, self.as_of) if table is None else table

    @cached_property
    def losses(self) -> pd.DataFrame:
        """Return who lost a card by the decision: the table that the section was made from, else all communes."""
        table = self.tables.get("reclassification")
        return unit_losses(self.data_as_of, self.decision or "", self.code) if table is None else table

    @cached_property
    def law_in_force(self) -> InForce:
        """Return the law in force in the unit after its latest change, which need not have come yet."""
        day = self.law.latest_change()
        return self.law.at(day, self.unit_data.geography.places(self.code, pd.Timestamp(day)))

    @property
    def premium_groups(self) -> pd.DataFrame:
        """Return the groups whose yearly premium a briefing shows, of those that the law in force supports."""
        keys = set(self.law_in_force.rows("subsidy_share")["key"])
        return pd.DataFrame({"group": [key for key in groups_flagged("premium_table") if key in keys]})

    def show_title(self) -> None:
        """Show the title: the kind of briefing, the unit and the one above it; one of synthetic figures says so.

        Examples
        --------
        >>> bhyt.Briefing(bhyt.load(), "Sơn Dương", bhyt.Law.read()).show_title()  # doctest: +SKIP
        """
        title, data = translate("label.page_title", self.lang), self.unit_data
        names = ", ".join(inline_name(u.name, self.lang) for u in self.view.lineage[:2] if u.kind != "country")
        about = OutputMetadata("title", self.code, title, names, self.decision_name, self.lang)
        show_text(f"{title}: {names}", about, 1)
        inside = [self.code, *data.geography.commune_codes(self.code)]
        tables = (data.cards, data.population, data.losses)
        if any((t.loc[t["area"].isin(inside), "status"] == "synthetic").any() for t in tables):
            key = "stamp.synthetic_page" if country_unit(self.view.unit) is None else "stamp.synthetic_input"
            warning = translate(key, self.lang)
            show_text(f"{STRONG}{warning}{STRONG}", OutputMetadata("warning", "synthetic", warning))
        if finding := is_rounded(data):
            warning = finding_message(finding, self.lang)
            show_text(f"{STRONG}{warning}{STRONG}", OutputMetadata("warning", finding.rule, warning))
        if self.disclosure == "off":
            warning = translate("stamp.internal_page", self.lang)
            show_text(f"{STRONG}{warning}{STRONG}", OutputMetadata("warning", INTERNAL, warning))

    def section(self, name: str, table: pd.DataFrame) -> None:
        """Show the heading and the items of a section, and write the files of its charts and tables to ``out``.

        Parameters
        ----------
        name
            of a section, such as "coverage" (`bhyt_analysis.briefing.sections`).
        table
            what the section is made from; rows may be left out.

        Raises
        ------
        OSError
            for a file that can't be written.

        Examples
        --------
        >>> briefing = bhyt.Briefing(bhyt.load(), "Sơn Dương", bhyt.Law.read())
        >>> briefing.section("coverage", bhyt.coverage(briefing.data, "Sơn Dương", by=["group"]))  # doctest: +SKIP
        """
        from bhyt_analysis.briefing.sections import SECTIONS

        modules = {section.__name__.rpartition(".")[2]: section for section in SECTIONS}
        if name not in modules:
            raise BhytError(("error.unknown_section", {"found": name, "expected": ", ".join(modules)}))
        module = modules[name]
        self.tables[name] = table
        with use_disclosure(self.disclosure), use_hidden(self.hidden):
            self._show_section(module, name, table)

    def _show_section(self, module: Section, name: str, table: pd.DataFrame) -> None:
        items, hidden = module.items(self, table), self.hidden
        items = items if hidden is None else [shorten_item(item, hidden, self.lang) for item in items]
        self.items[name] = items = [item for item in items if not item.is_empty()]
        if items:
            title = section_title(module.KEY, self.lang, self.decision_name)
            show_text(title, OutputMetadata("heading", module.KEY, title), 2)
        for item in items:
            show_item(item, self.lang, self.out, self.decision_name, self.hidden)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``facts.json`` holds: the headline figures, the findings, and what they were made with.

        Returns
        -------
        dict
            ``facts``, ``findings`` and what they were made with. ``same_words``: the days on which the briefing says
            the same: ``since`` one (None: ever) to before ``until``.

        Examples
        --------
        >>> facts = bhyt.Briefing(bhyt.load(), "Sơn Dương", bhyt.Law.read()).to_dict()["facts"]
        >>> next(fact["value"] for fact in facts if fact["key"] == "insured")
        155163
        """
        facts = [self._fact_to_dict(fact) for fact in read_facts(self.figures).values()]
        findings = self.findings[["rule", "severity", "name", "message"]].to_dict("records")
        if self.hidden is not None:
            findings = [{**f, "message": self.hidden.shorten(f["message"], self.lang)} for f in findings]
        return {
            "area": self.code,
            "name": self.view.unit.name,
            "lang": self.lang,
            "as_of": None if self.as_of is None else str(self.as_of)[:10],
            "scenario": self.scenario and self.scenario.name,
            "seed": self.seed,
            "disclosure": self.disclosure,
            "rounded_to": None if (finding := is_rounded(self.data)) is None else finding.count,
            "version": __version__,
            "law_sha256": self.law.sha256(),
            "inputs_sha256": self.data.sha256,
            "same_words": asdict(clock.noted_period()),
            "verdict": self._verdict_to_dict(),
            "facts": facts,
            "findings": findings,
        }

    def _verdict_to_dict(self) -> dict[str, str] | None:
        """Return what the section of the verdict says; None without it."""
        table, text = self.tables.get("verdict"), next((i.text for i in self.items.get("verdict", ())), "")
        if table is None or table.empty:
            return None
        return {"outcome": str(table["outcome"].iloc[0]), "text": plain_text(text)}

    def _fact_to_dict(self, fact: Fact) -> dict[str, Any]:
        number = float if fact.unit == "share" else int  # people and đồng are whole numbers
        record: dict[str, Any] = {"key": fact.key, "label": fact_title(fact.key, self.lang, self.decision_name)}
        mark = fact_marks().get(fact.key)
        for key, value in {"value": fact.value, "low": fact.low, "high": fact.high}.items():
            record[key] = None if value is None or mark else number(value)
        record |= {"relation": fact.relation, "unit": fact.unit, "text": mark or format_fact(fact, self.lang)}
        as_of = None if fact.as_of is None else str(fact.as_of)[:10]
        return {**record, "as_of": as_of, "status": fact.status, "source": format_citation(fact.source, self.lang)}

    def write_facts(self) -> None:
        """Write what `to_dict` gives to ``facts.json`` in ``out``, and the page's model; show what they were made with.

        Raises
        ------
        OSError
            for a file that can't be written.

        Examples
        --------
        >>> bhyt.Briefing(bhyt.load(), "Sơn Dương", bhyt.Law.read(), out="out").write_facts()  # doctest: +SKIP
        """
        with use_disclosure(self.disclosure), use_hidden(self.hidden):
            write_model(self)  # its comparisons with today are among those that the record notes
            record = self.to_dict()
        if self.out is not None:
            text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
            with name_file(path := Path(self.out, "facts.json")):
                path.write_text(text, encoding="utf-8")
        if self.disclosure == "on" and self.hidden is None and not write_published(self) and needs_protection(self):
            warning = translate("label.not_joint", self.lang)
            show_text(f"{STRONG}{warning}{STRONG}", OutputMetadata("warning", "not_joint", warning))
        hashes = {"inputs": record["inputs_sha256"][:8], "law": record["law_sha256"][:8]}
        line = translate("label.made_with", self.lang, version=__version__, seed=self.seed, **hashes)
        show_text(f"{EMPHASIS}{line}{EMPHASIS}", OutputMetadata("made_with", __version__, line))
