"""Run the library from the command line: ``bhyt COMMAND``; each command calls one function."""

from __future__ import annotations

import functools
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bhyt_analysis import __version__
from bhyt_analysis.i18n.command_help import (
    Choice,
    Command,
    Group,
    Option,
    OutputFile,
    OutputFolder,
    Parsed,
    Whole,
    locale_language,
    put_language_last,
    requested_language,
    usage_error,
)
from bhyt_analysis.i18n.dates import parse_date, parse_month
from bhyt_analysis.i18n.failures import failure, failure_key
from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.i18n.output import guarded_streams
from bhyt_analysis.i18n.safe_text import print_text as print  # names and cells hold no codes of a terminal
from bhyt_analysis.i18n.safe_text import to_json
from bhyt_analysis.i18n.shares import parse_share

if TYPE_CHECKING:
    import pandas as pd

    from bhyt_analysis.domain.dataset import Dataset
    from bhyt_analysis.plans.plan import Plan

DONE, FAULTS, UNUSABLE = 0, 1, 2
Read = Callable[[], "Dataset"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 the input has errors or areas failed, 2 the call can't be carried out."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    words = [
        str(Path(w).expanduser()) if w.startswith(("~/", f"~{os.sep}")) else w for w in words
    ]  # as Windows does not
    requested = requested_language(words)
    with guarded_streams(requested or "vi"):
        return _run_command(put_language_last(words), requested)


def _run_command(words: list[str], requested: str | None) -> int:
    from bhyt_analysis.domain.input_error import InputError

    lang = requested or "vi"
    try:
        status = int(cli.main(words, "bhyt", standalone_mode=False, obj=requested or locale_language()) or DONE)
        sys.stdout.flush()
        return status
    except InputError as error:
        print(error.text(lang), file=sys.stderr)
        return UNUSABLE if error.unreadable else FAULTS
    except BhytError as error:
        print(error.text(lang), file=sys.stderr)
        return UNUSABLE
    except click.ClickException as error:
        print(usage_error(error, lang), file=sys.stderr)
        return UNUSABLE
    except (KeyboardInterrupt, click.Abort):
        return FAULTS
    except Exception as error:  # a folder that is a file, no right to write, a full disk, no memory
        if failure_key(error) is None:
            from bhyt_analysis.ingest.personal_text import error_trace

            print(error_trace(error), file=sys.stderr)
            return FAULTS
        print(failure(error).text(lang), file=sys.stderr)
        return UNUSABLE


Date, Month, Share = Parsed(parse_date), Parsed(parse_month), Parsed(parse_share)
option = functools.partial(click.option, cls=Option)


def command(name: str) -> Callable[[Callable[..., int]], click.Command]:
    """Declare a command; each has ``--lang``."""

    def declare(function: Callable[..., int]) -> click.Command:
        with_lang = option("--lang", type=Choice(lambda: LANGUAGES), default="vi", metavar="vi|en")(function)
        return cli.command(name, cls=Command)(with_lang)

    return declare


def _constant(module: str, name: str) -> Callable[[], Iterable[str]]:
    """Return a function that reads a constant of the library, which is imported only then."""
    return lambda: getattr(import_module(f"bhyt_analysis.{module}"), name)


def _group_keys() -> Iterable[str]:
    from bhyt_analysis.law.groups import groups

    return groups().index


numbers_option = option("--numbers", type=Choice(lambda: LANGUAGES), metavar="vi|en")
answers_option = option("--answers", metavar="FILE.toml", type=OutputFile(".toml"))
area_option = option("--area", metavar="A")
json_option = option("--json", "as_json", is_flag=True)
csv_option = option("--csv", metavar="FILE.csv", type=OutputFile(".csv"))
on_option = option("--on", required=True, metavar="DATE", type=Date)


def data_argument(function: Callable[..., int]) -> Callable[..., int]:
    """Declare INPUT and how it is read; the command gets ``read``, which loads it."""

    @functools.wraps(function)
    def run(input: str | None, numbers: str | None, answers: str | None, **options: Any) -> int:
        from bhyt_analysis.ingest import load

        if input and options.get("csv"):
            _check_not_input(Path(options["csv"]), Path(input))

        def read() -> Dataset:
            data = load(input, numbers=numbers, answers=answers)
            _print_other_units(data, options["area"], options["lang"])
            return data

        return function(read=read, **options)

    return click.argument("input", required=False, metavar="[INPUT]")(numbers_option(answers_option(run)))


def _check_not_input(out: Path, source: Path) -> None:
    """Raise for a file to write that is the input or would be read as a part of it next time."""
    if out.resolve() == source.resolve():
        raise BhytError(("error.annotate_input", {"file": out}))
    if source.is_dir() and out.resolve().parent == source.resolve():
        raise BhytError(("error.annotate_inside", {"file": out, "folder": source}))


def _print_other_units(data: Dataset, area: str | None, lang: str, on: str | None = None) -> None:
    """Print on standard error which units the code or the name of an area meant on other days."""
    if area is None:
        return
    from bhyt_analysis.domain.area_view import find_unit
    from bhyt_analysis.tables.labels import other_units_text

    data, unit = find_unit(data, area, None if on is None else parse_date(on))
    if text := other_units_text(data.geography, area, unit, lang):
        print(text, file=sys.stderr)


@click.group(cls=Group, name="bhyt")
@click.version_option(__version__, message="%(prog)s %(version)s", cls=Option)
def cli() -> None:
    """Gather the commands."""


@command("brief")
@click.argument("input", required=False, metavar="[INPUT]")
@numbers_option
@answers_option
@option("--out", required=True, metavar="DIR", type=OutputFolder())
@option("--area", "areas", multiple=True, metavar="NAME_OR_CODE", message="areas")
@option("--jobs", type=Whole(1), metavar="N")
@option("--engine", type=Choice(_constant("batch.options", "ENGINES")), default="auto", metavar="auto|warm|standard")
@option("--timeout", type=Whole(1), metavar="SECONDS")
@option("--notebook-timeout", type=Whole(1), default=1800, metavar="SECONDS")
@option("--dask", metavar="ADDRESS")
@option("--memory", type=Whole(1), metavar="MB")
@option("--fresh", is_flag=True)
@option("--verbose", is_flag=True)
@option("--profile", is_flag=True)
@option("--as-of", type=Date, metavar="DATE")
@option("--seed", type=Whole(0), default=1, metavar="S")
@option("--scenario", metavar="FILE", type=click.Path())
@option("--decision", metavar="D")
@option("--round", type=Whole(5), metavar="5")
@option("--disclosure", type=Choice(_constant("tables.internal_copy", "DISCLOSURE")), default="on", metavar="on|off")
@option(
    "--formats", type=Choice(_constant("documents.formats", "FORMATS"), several=True), default="html", metavar="LIST"
)
def brief(input: str | None, out: str, areas: tuple[str, ...], memory: int | None, **options: Any) -> int:
    """Make the briefings; the path of the index is the last line."""
    from bhyt_analysis.batch.options import BatchOptions
    from bhyt_analysis.batch.runner import run_batch

    lang = str(options["lang"])
    chosen = BatchOptions(**options, memory_mb=memory, progress=True)
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: print(message, file=sys.stderr)
        try:
            manifest = run_batch(input, out, areas or None, chosen)
        except (KeyboardInterrupt, SystemExit):
            print(translate("cli.stopped", lang, folder=out), file=sys.stderr)
            raise
    if all(a["status"] == "skipped" for a in manifest["areas"]):
        print(translate("cli.nothing_to_do", lang, count=len(manifest["areas"])), file=sys.stderr)
    index = str(Path(out, "index.html"))
    failed = [a for a in manifest["areas"] if a["status"] not in ("done", "skipped")]
    for area in failed:
        print(f"{area['area']} {area['slug']}: {area['error']}", file=sys.stderr)
    if failed:
        print(translate("cli.failed", lang, count=len(failed), path=index), file=sys.stderr)
    print(index)
    return FAULTS if failed else DONE


@command("check")
@click.argument("input", metavar="INPUT")
@numbers_option
@answers_option
@json_option
@option("--all", "every", is_flag=True)
@option("--annotate", metavar="OUT.xlsx", type=OutputFile(".xlsx"))
def check(
    input: str, numbers: str | None, answers: str | None, as_json: bool, every: bool, annotate: str | None, lang: str
) -> int:
    """Print the causes of the findings on an input; with ``--annotate`` write a copy of it in which they are marked."""
    from bhyt_analysis.domain.causes import causes_table
    from bhyt_analysis.ingest.loader import examine_input
    from bhyt_analysis.tables.input_summary import input_summary

    reading = examine_input(input, numbers, answers if answers and Path(answers).exists() else None)
    findings, copied = reading.findings, True
    if annotate:  # the findings are printed even if there is no copy
        from bhyt_analysis.ingest.annotate import try_annotate

        copied, notes = try_annotate(input, annotate, findings, lang)
        print(*notes, sep="\n", file=sys.stderr)
    if answers:
        from bhyt_analysis.ingest.answers import write_questions

        if count := write_questions(answers, findings, lang):
            print(translate("answer.written", lang, file=answers, count=count), file=sys.stderr)
    status = _print_findings(causes_table(findings, lang, every), as_json, lang)
    if not as_json and (lines := input_summary(reading.data, reading.tables, findings, lang)):
        width = max(len(label) for label, _ in lines)
        print("\n" + translate("read.title", lang))
        for label, text in lines:
            print(f"  {label:<{width}}  {text}")
    return status if copied else UNUSABLE


@command("template")
@click.argument("file", metavar="FILE.xlsx", type=OutputFile(".xlsx"))
@option("--area", "areas", multiple=True, metavar="NAME_OR_CODE", message="template_areas")
def template(file: str, areas: tuple[str, ...], lang: str) -> int:
    """Write an input workbook, empty or with what is known of some areas."""
    from bhyt_analysis.ingest.template import write_template

    for note in write_template(file, lang, areas):
        print(note, file=sys.stderr)
    print(file)
    return DONE


@command("audit")
@click.argument("inputs", required=False, nargs=-1, metavar="[INPUT|DOCUMENT]...")
@numbers_option
@answers_option
@area_option
@json_option
@option("--extract", metavar="FILE.xlsx", type=OutputFile(".xlsx"))
@option("--annotate", metavar="OUT.docx", type=OutputFile(".docx"), message="annotate_plan")
def audit(
    inputs: tuple[str, ...],
    numbers: str | None,
    answers: str | None,
    area: str | None,
    as_json: bool,
    extract: str | None,
    annotate: str | None,
    lang: str,
) -> int:
    """Print the findings on published figures; they are the plan's errors and not the input's."""
    from bhyt_analysis.plans.read_document import is_document

    documents = [Path(name) for name in inputs if is_document(Path(name))]
    if documents:
        _check_documents(inputs, documents, extract, annotate)
        return _audit_documents(documents, area, as_json, extract, annotate, lang)
    if len(inputs) > 1 or extract or annotate:
        raise BhytError(("error.audit_documents", {"found": ", ".join(inputs) or "–"}))
    from bhyt_analysis.ingest import load
    from bhyt_analysis.quality.plan_audit import audit as audit_figures

    data = load(inputs[0] if inputs else None, numbers=numbers, answers=answers)
    _print_other_units(data, area, lang)
    _print_findings(audit_figures(data, area, lang), as_json, lang)
    return DONE


def _check_documents(inputs: Sequence[str], documents: list[Path], extract: str | None, annotate: str | None) -> None:
    """Raise for documents beside other inputs, more than two, and outputs that are not of one document."""
    if len(documents) != len(inputs) or len(documents) > 2:
        raise BhytError(("error.audit_documents", {"found": ", ".join(inputs)}))
    if len(documents) > 1 and (extract or annotate):
        raise BhytError(("error.audit_one_document", {}))
    for out in filter(None, (extract, annotate)):
        _check_not_input(Path(out), documents[0])


def _audit_documents(
    documents: list[Path], area: str | None, as_json: bool, extract: str | None, annotate: str | None, lang: str
) -> int:
    from bhyt_analysis.plans.outputs import plan_notes, remark_lines, write_annotated
    from bhyt_analysis.plans.plan import read_plan
    from bhyt_analysis.plans.review import remarks_table, review

    plans = [read_plan(path, area) for path in documents]
    for plan in plans:
        for note in plan_notes(plan, lang):
            print(note, file=sys.stderr)
    if len(plans) == 2:
        return _compare_documents(plans, as_json, lang)
    remarks = review(plans[0], lang) if plans[0].has_figures else []
    if extract:
        plans[0].extract(extract, lang)
    if annotate:
        write_annotated(plans[0], remarks, annotate, lang)
    if as_json:
        _print_json(remarks_table(plans[0], remarks, lang).to_dict("records"))
    else:
        print(*remark_lines(remarks, lang), sep="\n")
    return DONE


def _compare_documents(plans: list[Plan], as_json: bool, lang: str) -> int:
    from bhyt_analysis.plans.comparison import compare_plans, comparison_lines, comparison_table

    differences = compare_plans(*plans)
    if as_json:
        _print_json(comparison_table(differences, lang).to_dict("records"))
    else:
        print(*comparison_lines(differences, lang), sep="\n")
    return DONE


def _print_findings(findings: pd.DataFrame, as_json: bool, lang: str) -> int:
    from bhyt_analysis.domain.input_error import UNREADABLE

    if as_json:
        _print_json(findings.astype(object).where(findings.notna(), None).to_dict("records"))
    elif findings.empty:
        print(translate("cli.no_findings", lang))
    else:
        for row in findings.to_dict("records"):
            place = f"{row['area']} " if "area" in row else ""
            severity = translate(f"{_severity_words(findings)}.{row['severity']}", lang)
            print(f"{severity} [{row['rule']}] {place}{row['message']}")
        if len(findings) > 1:
            print(_severity_counts(findings, lang))
    if set(findings["rule"]) & UNREADABLE:
        return UNUSABLE
    return FAULTS if (findings["severity"] == "error").any() else DONE


def _severity_words(findings: pd.DataFrame) -> str:
    """Return the beginning of the keys of severities: a plan's figures contradict, an input has errors."""
    return "severity" if "area" in findings else "check"


def _severity_counts(findings: pd.DataFrame, lang: str) -> str:
    """Return how many findings there are of each severity."""
    counts, words = findings["severity"].value_counts(), _severity_words(findings)
    present = [s for s in ("error", "warning", "info") if s in counts]
    parts = [f"{translate(f'{words}.{s}', lang).lower()} {counts[s]}" for s in present]
    return f"{translate('cli.total', lang)}: {', '.join(parts)}."


@command("reclassify")
@data_argument
@area_option
@csv_option
@option("--decision", required=True, metavar="D")
def reclassify(read: Read, area: str | None, csv: str | None, decision: str, lang: str) -> int:
    """Print, or write, the cards before and after a decision."""
    from bhyt_analysis.model.reclassification.reclassify import COLUMNS
    from bhyt_analysis.model.reclassification.reclassify import reclassify as reclassify_communes

    table = reclassify_communes(read(), decision, area)[COLUMNS]
    if area and not csv:  # without an area there are provinces and districts beside communes
        table = _with_total(table, lang)
    return _print_table(table, csv, lang, optional=("area", "before", "kept", "after", "zone_before"))


@command("allocate")
@data_argument
@option("--on", metavar="DATE", type=Date, message="on_cards")
@csv_option
@option("--area", required=True, metavar="A")
@option("--rate", required=True, type=Share, metavar="R")
@option("--method", type=Choice(_constant("model.targets.allocation", "METHODS")), default="share-of-gap", metavar="M")
@option("--ratchet", is_flag=True)
def allocate(
    read: Read,
    on: str | None,
    csv: str | None,
    area: str,
    rate: str,
    method: str,
    ratchet: bool,
    lang: str,
) -> int:
    """Print, or write, the people to insure, commune by commune, from the latest cards on or before a day."""
    import pandas as pd

    from bhyt_analysis.model.targets.allocation import allocate as allocate_target
    from bhyt_analysis.model.targets.allocation import communes_to_allocate

    communes = communes_to_allocate(read(), area, on)
    table = allocate_target(communes, rate, method=method, ratchet=ratchet)
    day = communes["as_of"].max()
    if on and pd.Timestamp(on) > day + pd.DateOffset(months=1):
        print(translate("cli.cards_before", lang, day=day, on=on), file=sys.stderr)
    if not csv:
        print(translate("cli.cards_on", lang, day=day, rate=float(rate)))
    columns = ["area", "name", "population", "insured", "target_people", "target_rate", "to_add", "status"]
    table = table[columns]
    return _print_table(
        table if csv else _with_total(table, lang, ("target_people", "to_add")), csv, lang, optional=("area",)
    )


@command("simulate")
@data_argument
@csv_option
@option("--area", required=True, metavar="A")
@option("--scenario", metavar="FILE", type=click.Path())
@option("--draws", type=Whole(0), default=1000, metavar="N")
@option("--seed", type=Whole(0), metavar="S")
@option("--by-commune", is_flag=True)
@option("--by-group", is_flag=True)
def simulate(
    read: Read,
    csv: str | None,
    area: str,
    scenario: str | None,
    draws: int,
    seed: int | None,
    by_commune: bool,
    by_group: bool,
    lang: str,
) -> int:
    """Print coverage and money year by year, or write them month by month."""
    from bhyt_analysis.ingest.scenario_files import localise_scenario, read_scenario
    from bhyt_analysis.model.projection.scenario import Scenario
    from bhyt_analysis.model.projection.simulate import project_area
    from bhyt_analysis.model.projection.simulate import simulate as simulate_scenario
    from bhyt_analysis.model.projection.uncertainty import target_probabilities, upcoming_targets
    from bhyt_analysis.tables.explain import probability_texts
    from bhyt_analysis.tables.terminal import spec_to_text
    from bhyt_analysis.tables.yearly_table import last_year_table, yearly_table

    data = read()
    policy = localise_scenario(read_scenario(scenario) if scenario else Scenario.current_law(), lang)
    seed = policy.seed if seed is None else seed
    by = [name for name, chosen in (("commune", by_commune), ("group", by_group)) if chosen]
    table = simulate_scenario(data, area, policy, by=by, draws=draws, seed=seed)
    if csv:
        return _print_table(table.rename(columns={"people": "population"}), csv, lang)
    proposal = f" ({translate('status.proposal', lang)})" if table["proposal"].iloc[0] else ""
    print(table["scenario"].iloc[0] + proposal)
    spec = (last_year_table if by else yearly_table)(table, lang)
    print(spec_to_text(spec, lang, optional=("rate_static", "vnd", "rate_low", "rate_high")))
    if draws:
        projection = project_area(data, area, policy)
        chances = target_probabilities(projection, upcoming_targets(data, projection), draws, seed)
        for text in probability_texts(chances, lang):
            print(text)
    return DONE


@command("monitor")
@data_argument
@area_option
@json_option
@csv_option
@option("--month", type=Month, metavar="YYYY-MM")
@option("--out", metavar="DIR", type=OutputFolder())
def monitor(
    read: Read,
    area: str | None,
    as_json: bool,
    csv: str | None,
    month: str | None,
    out: str | None,
    lang: str,
) -> int:
    """Print, or write, the state of each unit against its plan in a month."""
    from bhyt_analysis.domain.area_view import area_view
    from bhyt_analysis.model.monitoring.monitor import MAIN_COLUMNS, expiring_cards, nowcast
    from bhyt_analysis.model.monitoring.monitor import monitor as monitor_month
    from bhyt_analysis.model.monitoring.reports import reports_due
    from bhyt_analysis.tables.monitor_texts import monitor_sentences

    if out and not area:
        raise BhytError(("error.watch_out", {}))
    data = area_view(read(), area).data if area else read()
    tables = {"units": monitor_month(data, area, month)}
    if area:
        day = tables["units"]["month"].iloc[0]
        details = {"nowcast": nowcast, "expiring": expiring_cards, "reports": reports_due}
        tables |= {name: function(data, area, day) for name, function in details.items()}
    if as_json:
        _print_json({name: _json_rows(table) for name, table in tables.items()})
    else:
        left_out = ("change_month", "rate", "projected_rate", "actual_pace")
        _print_table(tables["units"], csv, lang, MAIN_COLUMNS, left_out)
        if area and not csv:
            print(*monitor_sentences(**tables, lang=lang), sep="\n")
    if out and area:
        _save_monitor_charts(data, area, day, Path(out), lang)
    return DONE


def _json_rows(table: pd.DataFrame) -> list[dict[str, object]]:
    """Return the rows for other programs; what is missing or must be hidden is null."""
    from bhyt_analysis.tables.formatting import suppressed_cells

    return table.astype(object).where(table.notna() & ~suppressed_cells(table), None).to_dict("records")


def _save_monitor_charts(data: Dataset, area: str, month: pd.Timestamp, folder: Path, lang: str) -> None:
    """Write the charts of the month as PNG and SVG, and name them."""
    from bhyt_analysis.briefing import monitoring
    from bhyt_analysis.briefing import verdict as verdict_section
    from bhyt_analysis.briefing.briefing import Briefing
    from bhyt_analysis.charts.chart import save_pictures
    from bhyt_analysis.law import Law
    from bhyt_analysis.model.monitoring.monitor import monthly_counts
    from bhyt_analysis.model.monitoring.verdict import verdict

    folder.mkdir(parents=True, exist_ok=True)
    briefing = Briefing(data, area, Law.read(), as_of=month, lang=lang)
    source = briefing.data_as_of
    items = verdict_section.items(briefing, verdict(source, briefing.code))
    for item in [*items, *monitoring.items(briefing, monthly_counts(source, briefing.code))]:
        if item.chart is not None:
            save_pictures(item.chart, folder / item.name)
            print(folder / f"{item.name}.png", file=sys.stderr)


@command("premium")
@on_option
@area_option
@option("--household", type=Whole(1), metavar="N")
@option("--group", type=Choice(_group_keys), metavar="G")
def premium(on: str, area: str | None, household: int | None, group: str | None, lang: str) -> int:
    """Print a household's or one person's premium with its steps."""
    from bhyt_analysis.law import Law
    from bhyt_analysis.tables.explain import premium_steps

    law_in_force = Law.read().at(on, _lineage(area, on, lang))
    if household and group not in (None, "household"):
        raise BhytError(("error.household_and_group", {}))
    for line in premium_steps(law_in_force, group or "household", household or 1, lang):
        print(line)
    return DONE


@command("law")
@on_option
@area_option
@json_option
def law(on: str, area: str | None, as_json: bool, lang: str) -> int:
    """Print the values in force on a day."""
    from bhyt_analysis.law import Law
    from bhyt_analysis.tables.law_texts import law_table

    table = Law.read().at(on, _lineage(area, on, lang)).table
    if not as_json:
        return _print_table(law_table(table, lang), None, lang, optional=("until",))
    table = table[["parameter", "key", "area", "since", "until", "value", "unit", "reference", "status", "note"]]
    until = ["" if d.year == 9999 else str(d) for d in table["until"]]
    _print_json(table.assign(until=until, since=table["since"].astype(str)).to_dict("records"))
    return DONE


def _lineage(area: str | None, on: str, lang: str) -> str | Sequence[str | Sequence[str]] | None:
    """Return the units that an area lies in; a province that only the law knows is taken by its name."""
    from bhyt_analysis.domain.area_view import area_view
    from bhyt_analysis.i18n.unit_names import normalise_name
    from bhyt_analysis.ingest import load
    from bhyt_analysis.law import Law

    if area is None or normalise_name(area) in {normalise_name(a) for a in Law.read().table["area"]}:
        return area
    data = load()
    _print_other_units(data, area, lang, on)
    return area_view(data, area, on).places(on)


@command("explore")
@click.argument("input", required=False, metavar="[INPUT]")
@numbers_option
@answers_option
@option("--voila", is_flag=True)
@option("--port", type=Whole(1), metavar="N")
@option("--no-browser", is_flag=True)
@option("--no-token", is_flag=True)
@option("--allow-host", "hosts", multiple=True, metavar="NAME")
@option("--keep-minutes", type=Whole(1), metavar="N")
def explore(
    input: str | None,
    numbers: str | None,
    answers: str | None,
    voila: bool,
    port: int | None,
    no_browser: bool,
    no_token: bool,
    hosts: Sequence[str],
    keep_minutes: int | None,
    lang: str,
) -> int:
    """Serve the explorer until it is stopped."""
    from bhyt_analysis.explorer.launch import KEEP_MINUTES, has_language_pack, lab_command, run, voila_command
    from bhyt_analysis.ingest import load

    if not voila and (no_token or hosts or keep_minutes):
        raise BhytError(("error.only_with_voila", {}))
    environment = dict(os.environ) | {"BHYT_LANG": lang}
    if input:
        load(input, numbers=numbers, answers=answers)  # errors of the input are printed here, and not in a notebook
        environment["BHYT_INPUT"] = str(Path(input).resolve())
        environment |= {"BHYT_NUMBERS": numbers} if numbers else {}
        environment |= {"BHYT_ANSWERS": str(Path(answers).resolve())} if answers else {}
    page = functools.partial(voila_command, environment, not no_token, hosts, keep_minutes or KEEP_MINUTES)
    call = page() if voila else lab_command(environment, lang)
    if not voila and lang == "vi" and not has_language_pack():
        print(translate("cli.lab_in_english", lang), file=sys.stderr)
    call += ["--no-browser"] if no_browser else []
    call += [f"--port={port}"] if port else []
    return DONE if run(call, environment) == 0 else UNUSABLE


@command("synthetic")
@option("--districts", type=Whole(1), required=True, metavar="N")
@option("--seed", type=Whole(0), default=1, metavar="S")
@option("--out", required=True, metavar="DIR", type=OutputFolder())
def synthetic(districts: int, seed: int, out: str, lang: str) -> int:
    """Write a made-up country."""
    from bhyt_analysis.ingest.synthetic import write_country

    write_country(out, districts, seed)
    print(out)
    return DONE


@command("release")
@click.argument("out", metavar="OUT", type=click.Path())
@click.argument("folder", metavar="FOLDER", type=click.Path())
def release(out: str, folder: str, lang: str) -> int:
    """Copy what may leave the office, or say what keeps it from leaving."""
    from bhyt_analysis.release.record import OWN_HASH, read_record
    from bhyt_analysis.release.release import release as release_batch

    if refusal := release_batch(out, folder):
        for error in refusal.errors:
            print(error.text(lang), file=sys.stderr)
        print(translate("release.refused", lang, folder=folder, count=refusal.count), file=sys.stderr)
        return FAULTS
    print(translate("release.done", lang, sha256=read_record(Path(folder))[OWN_HASH]), file=sys.stderr)
    print(folder)
    return DONE


@command("verify")
@click.argument("folder", metavar="FOLDER", type=click.Path())
def verify(folder: str, lang: str) -> int:
    """Name the files of a released folder that are not as they were."""
    from bhyt_analysis.release.record import OWN_HASH, read_record, verify_folder

    faults = verify_folder(folder)
    for fault in faults:
        print(fault.text(lang))
    if faults:
        print(translate("verify.failed", lang, folder=folder, count=len(faults)), file=sys.stderr)
        return FAULTS
    record = read_record(Path(folder))
    print(translate("verify.done", lang, count=len(record["outputs_sha256"]), sha256=record[OWN_HASH]))
    return DONE


def _print_json(content: object) -> None:
    print(to_json(content, ascii_only=not str(sys.stdout.encoding).lower().startswith("utf")))


def _print_table(
    table: pd.DataFrame, csv: str | None, lang: str, columns: Sequence[str] = (), optional: Sequence[str] = ()
) -> int:
    """Print some columns of a table, or write all of it to a CSV file and print its path.

    ``optional``: the columns that are left out where the terminal is too narrow, the first of them first.
    """
    from bhyt_analysis.tables.formatting import save_csv
    from bhyt_analysis.tables.terminal import text_table

    if csv:
        folder = Path(csv).parent
        if not folder.is_dir():
            raise BhytError(("error.no_folder", {"file": csv, "folder": folder}))
        save_csv(table, Path(csv), lang)
        print(csv)
    elif table.empty:
        print(translate("cli.no_rows", lang), file=sys.stderr)
    else:
        print(text_table(table[list(columns)] if columns else table, lang, optional=optional))
    return DONE


def _with_total(table: pd.DataFrame, lang: str, more: Sequence[str] = ()) -> pd.DataFrame:
    """Return the rows of several units with their total first; ``more``: columns that add up besides the usual ones."""
    from bhyt_analysis.tables.totals import add_total

    return add_total(table, "", translate("cli.total", lang), more) if len(table) > 1 else table


if __name__ == "__main__":
    sys.exit(main())
