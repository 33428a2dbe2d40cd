"""Words on a command line: ``bhyt COMMAND``; each command calls one function of the library."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bhyt_analysis.i18n.messages import BhytError, translate

DONE, FAULTS, UNUSABLE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 the input has errors or areas failed, 2 the call can't be carried out."""
    for stream in (sys.stdout, sys.stderr):  # Vietnamese on a Windows console
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    told = _parser().parse_args(arguments)
    from bhyt_analysis.ingest.loader import InputError

    try:
        return int(told.run(told))
    except InputError as error:
        print(error.text(told.lang), file=sys.stderr)
        return UNUSABLE if error.unreadable else FAULTS
    except BhytError as error:
        print(error.text(told.lang), file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        return FAULTS
    except BrokenPipeError:  # the reader of our output has enough
        sys.stderr.close()
        return DONE
    except OSError as error:  # a folder that is a file, no right to write, a full disk
        print(translate("error.can_not_write", told.lang, file=error.filename, why=error.strerror), file=sys.stderr)
        return UNUSABLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bhyt",
        description="Health insurance (BHYT) in Vietnam: who is covered, who lost it, who comes back, what it costs.",
        epilog="INPUT is a folder of CSV files or an .xlsx workbook; left out, it is the bundled data.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add(commands, "briefs", briefs, "one notebook, page and folder per area, with an index",
         "bhyt briefs --out outputs/briefings --area 'Sơn Dương' --lang en",
         _input, lambda p: [
             p.add_argument("--out", required=True, metavar="DIR", help="folder to write to; made if missing"),
             p.add_argument("--area", action="append", nargs="+", metavar="NAME_OR_CODE", help="only these areas"),
             p.add_argument("--jobs", type=_positive, metavar="N", help="processes (default: all processors)"),
             p.add_argument("--engine", choices=["auto", "warm", "standard"], default="auto", help="how notebooks are run"),
             p.add_argument("--timeout", type=_positive, metavar="SECONDS", help="longest time for one cell"),
             p.add_argument("--notebook-timeout", type=_positive, default=1800, metavar="SECONDS", help="longest time for one area (default 1800)"),
             p.add_argument("--dask", metavar="ADDRESS", help="scheduler of a Dask cluster that makes the areas"),
             p.add_argument("--memory", type=_positive, metavar="MB", help="most memory of one notebook (Linux)"),
             p.add_argument("--fresh", action="store_true", help="make every area again, also what has not changed"),
             p.add_argument("--verbose", action="store_true", help="a line for every area"),
             p.add_argument("--profile", action="store_true", help="the slowest cells over all areas"),
             p.add_argument("--as-of", metavar="DATE", help="use no figures after this day"),
             p.add_argument("--seed", type=int, default=1, metavar="S", help="seed of what is drawn at random"),
             p.add_argument("--scenario", metavar="FILE", help="a scenario (TOML) to compare with the law"),
             p.add_argument("--formats", default="html", metavar="LIST", help="documents beside the notebook: html,docx,pptx,xlsx (default html)"),
         ])  # fmt: skip
    _add(commands, "check", check, "find every mistake of an input", "bhyt check so_lieu.xlsx --annotate so_lieu_da_kiem_tra.xlsx",
         lambda p: p.add_argument("input", metavar="INPUT", help="folder or workbook"), _numbers, _json,
         lambda p: p.add_argument("--annotate", metavar="OUT.xlsx", help="write a copy with the cells marked and commented"))  # fmt: skip
    _add(commands, "template", template, "an empty workbook to fill in, with notes, drop-downs and examples",
         "bhyt template so_lieu.xlsx", lambda p: p.add_argument("file", metavar="FILE.xlsx", help="a file that does not exist yet"))  # fmt: skip
    _add(commands, "audit", audit, "published figures that do not add up", "bhyt audit --area 'Sơn Dương'",
         _input, _area, _json)  # fmt: skip
    _add(commands, "impact", impact, "who loses a card by a decision, commune by commune",
         "bhyt impact --decision 861 --area 'Lục Ngạn' --csv impact.csv", _input, _area, _csv,
         lambda p: p.add_argument("--decision", required=True, metavar="D", help="number of the decision, such as 861"))  # fmt: skip
    _add(commands, "allocate", allocate, "the people to insure, commune by commune, for a target",
         "bhyt allocate --area X001 --on 2022-06-30 --rate 0.93 --ratchet --csv allocation.csv", _input, _on, _csv,
         lambda p: [
             p.add_argument("--area", required=True, metavar="A", help="name or code of an area"),
             p.add_argument("--rate", required=True, metavar="R", help="the target, a share such as 0.906"),
             p.add_argument("--method", default="share-of-gap", metavar="M",
                            help="share-of-gap (default), equal-rate, equal-points, level-up, shock-adjusted, "
                                 "least-cost, capacity"),
             p.add_argument("--ratchet", action="store_true", help="no commune below the people insured now"),
         ])  # fmt: skip
    _add(commands, "simulate", simulate, "coverage and budget month by month under a scenario, with intervals",
         "bhyt simulate --area 'Sơn Dương' --scenario scenarios/decision_861_ordinary.toml --csv months.csv",
         _input, _csv,
         lambda p: [
             p.add_argument("--area", required=True, metavar="A", help="name or code of an area"),
             p.add_argument("--scenario", metavar="FILE", help="a scenario (TOML); left out, the law in force"),
             p.add_argument("--draws", type=_natural, default=1000, metavar="N", help="draws for the intervals (default 1000; 0 none)"),
             p.add_argument("--seed", type=_natural, metavar="S", help="seed of the draws (default: the scenario's)"),
             p.add_argument("--by-commune", action="store_true", help="a row for every commune"),
         ])  # fmt: skip
    _add(commands, "watch", watch, "a month against the plan: pace, projected year's end, cards that run out, reports",
         "bhyt watch --month 2022-06 --area X001 --out charts", _input, _area, _json, _csv,
         lambda p: [
             p.add_argument("--month", metavar="YYYY-MM", help="the month (default: the last one that has cards)"),
             p.add_argument("--out", metavar="DIR", help="folder for the charts of the area; made if missing"),
         ])  # fmt: skip
    _add(commands, "premium", premium, "who pays what in a year, step by step, with the articles",
         "bhyt premium --on 2026-11-22 --household 4", _on, _area,
         lambda p: [
             p.add_argument("--household", type=_positive, metavar="N", help="members who join together"),
             p.add_argument("--group", metavar="G", help="a sub-group, such as near_poor or student"),
         ])  # fmt: skip
    _add(commands, "law", law, "the law in force on a day, with references", "bhyt law --on 2026-11-22 --area 'Đắk Lắk'",
         _on, _area, _json)  # fmt: skip
    _add(commands, "explore", explore, "the explorer with sliders, in JupyterLab or as a page",
         "bhyt explore my_folder --voila", _input,
         lambda p: [
             p.add_argument("--voila", action="store_true", help="serve it as a page without code (needs the extra explore)"),
             p.add_argument("--port", type=_positive, metavar="N", help="port of the server (default: a free one from 8888)"),
             p.add_argument("--no-browser", action="store_true", help="do not open a browser"),
         ])  # fmt: skip
    _add(commands, "synthetic", synthetic, "a made-up country, complete and stamped synthetic, for trials",
         "bhyt synthetic --districts 700 --seed 1 --out country",
         lambda p: [
             p.add_argument("--districts", type=_positive, required=True, metavar="N", help="how many districts"),
             p.add_argument("--seed", type=_natural, default=1, metavar="S", help="seed of what is drawn at random"),
             p.add_argument("--out", required=True, metavar="DIR", help="an empty folder; made if missing"),
         ])  # fmt: skip
    return parser


def _add(
    commands: Any, name: str, run: Callable[..., int], about: str, example: str, *options: Callable[..., Any]
) -> None:
    parser = commands.add_parser(name, help=about, description=about.capitalize() + ".", epilog=f"example: {example}")
    for option in options:
        option(parser)
    parser.add_argument("--lang", choices=["vi", "en"], default="vi", help="language of what is printed (default vi)")
    parser.set_defaults(run=run)


def _input(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", nargs="?", metavar="INPUT", help="folder or workbook (default: the bundled data)")
    _numbers(parser)


def _numbers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--numbers", choices=["vi", "en"], help="how numbers in text cells are written: vi 1.234,5; en 1,234.5"
    )


def _area(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--area", metavar="A", help="name or code of an area")


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _csv(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--csv", metavar="FILE", help="write the table to a file that Excel opens")


def _on(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--on", required=True, metavar="DATE", help="the day, YYYY-MM-DD")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return value


def _natural(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is not 0 or more")
    return value


def briefs(told: argparse.Namespace) -> int:
    """Make the briefings; the path of the index is the last line."""
    from bhyt_analysis.batch.manifest import is_complete
    from bhyt_analysis.batch.options import BatchOptions
    from bhyt_analysis.batch.runner import run_batch

    areas = None if told.area is None else [a for some in told.area for a in some]
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: print(message, file=sys.stderr)
        options = BatchOptions(
            jobs=told.jobs, engine=told.engine, dask=told.dask, lang=told.lang, numbers=told.numbers, as_of=told.as_of,
            scenario=told.scenario, seed=told.seed, timeout=told.timeout, notebook_timeout=told.notebook_timeout,
            memory_mb=told.memory, fresh=told.fresh, progress=True, verbose=told.verbose, profile=told.profile,
            formats=[f.strip() for f in told.formats.split(",")],
        )  # fmt: skip
        manifest = run_batch(told.input, told.out, areas, options)
    if all(a["status"] == "skipped" for a in manifest["areas"]):
        print(translate("cli.nothing_to_do", told.lang, count=len(manifest["areas"])), file=sys.stderr)
    index = str(Path(told.out, "index.html"))
    unmade = [a for a in manifest["areas"] if not is_complete(a)]
    for area in unmade:
        print(f"{area['area']} {area['slug']}: {area['error']}", file=sys.stderr)
    if unmade:
        print(translate("cli.failed", told.lang, count=len(unmade), path=index), file=sys.stderr)
    print(index)
    return FAULTS if unmade else DONE


def explore(told: argparse.Namespace) -> int:
    """Serve the explorer until it is stopped."""
    import importlib.util
    import subprocess

    from bhyt_analysis.ingest.loader import bundled_path, load

    if told.voila and importlib.util.find_spec("voila") is None:
        raise BhytError(("error.no_voila", {}))
    environment = dict(os.environ)
    if told.input:
        load(told.input)  # what is wrong with it is said here, and not in a notebook
        environment["BHYT_INPUT"] = str(Path(told.input).resolve())
    notebook = bundled_path("notebooks") / "explore.ipynb"
    call = _voila(notebook, environment) if told.voila else _lab(notebook)
    call += ["--no-browser"] if told.no_browser else []
    call += [f"--port={told.port}"] if told.port else []
    return DONE if subprocess.call(call, env=environment) == 0 else UNUSABLE


def _voila(notebook: Path, environment: dict[str, str]) -> list[str]:
    """How Voilà serves a notebook, which it only reads: by our template, on warm kernels where there are any."""
    from bhyt_analysis.engine import warm_process

    places = [str(Path(__file__).parent / "show" / "explore" / "jupyter"), environment.get("JUPYTER_PATH", "")]
    environment["JUPYTER_PATH"] = os.pathsep.join(filter(None, places))
    if warm_process.usable():
        environment.setdefault("JUPYTER_DEFAULT_PROVISIONER_NAME", "bhyt-warm")
    # Without the last a page that is closed may not end its kernel, for want of a cookie.
    options = ["--template=bhyt", "--Voila.tornado_settings={'disable_check_xsrf': True}"]
    return [sys.executable, "-m", "voila", str(notebook), *options]


def _lab(notebook: Path) -> list[str]:
    """How JupyterLab opens a notebook: as a copy of the user's own, for it saves what it shows."""
    own = Path("outputs", notebook.name)
    own.parent.mkdir(exist_ok=True)
    if not own.exists():
        shutil.copyfile(notebook, own)
    where = [f"--ServerApp.root_dir={Path.cwd()}", f"--LabApp.default_url=/doc/tree/{own.as_posix()}"]
    return [sys.executable, "-m", "jupyterlab", *where]


def synthetic(told: argparse.Namespace) -> int:
    """Write a made-up country."""
    from bhyt_analysis.ingest.synthetic import write_country

    write_country(told.out, told.districts, told.seed)
    print(told.out)
    return DONE


def check(told: argparse.Namespace) -> int:
    """Print the findings on an input; with ``--annotate`` write a copy of it in which they are marked."""
    from bhyt_analysis.domain import findings
    from bhyt_analysis.ingest.annotate import annotate
    from bhyt_analysis.ingest.loader import WHERE, read_input

    found = read_input(told.input, told.numbers)[1]
    if told.annotate:
        print(annotate(told.input, told.annotate, found, told.lang), file=sys.stderr)
    return _print_findings(findings.findings_table(found, told.lang, WHERE), told)


def template(told: argparse.Namespace) -> int:
    """Write an empty input workbook."""
    from bhyt_analysis.ingest.template import write_template

    write_template(told.file, told.lang)
    print(told.file)
    return DONE


def audit(told: argparse.Namespace) -> int:
    """Print the findings on published figures; they are the plan's errors and not the input's."""
    from bhyt_analysis.ingest.loader import load
    from bhyt_analysis.quality.plan_audit import audit as findings

    _print_findings(findings(load(told.input, numbers=told.numbers), told.area, told.lang), told)
    return DONE


def _print_findings(found: pd.DataFrame, told: argparse.Namespace) -> int:
    from bhyt_analysis.ingest.loader import UNREADABLE

    if told.json:
        records = found.astype(object).where(found.notna(), None).to_dict("records")
        print(json.dumps(records, ensure_ascii=False, indent=1, default=str))
    elif found.empty:
        print(translate("cli.no_findings", told.lang))
    else:
        for row in found.to_dict("records"):
            place = f"{row['area']} " if "area" in row else ""
            kind = "severity" if "area" in row else "check"  # a plan's figures contradict; an input has errors
            print(f"{translate(kind + '.' + row['severity'], told.lang)} [{row['rule']}] {place}{row['message']}")
    if set(found["rule"]) & UNREADABLE:
        return UNUSABLE
    return FAULTS if (found["severity"] == "error").any() else DONE


def impact(told: argparse.Namespace) -> int:
    """Print, or write, the cards before and after a decision."""
    from bhyt_analysis.ingest.loader import load
    from bhyt_analysis.model.reclassification.reclassify import COLUMNS, reclassify

    table = reclassify(load(told.input, numbers=told.numbers), told.decision, told.area)
    return _print_table(table[COLUMNS], told)


def allocate(told: argparse.Namespace) -> int:
    """Print, or write, the people to insure, commune by commune."""
    from bhyt_analysis.i18n.dates import parse_date
    from bhyt_analysis.ingest.loader import load
    from bhyt_analysis.model.targets.allocation import allocate as shared_out
    from bhyt_analysis.model.targets.allocation import communes_to_allocate

    communes = communes_to_allocate(
        load(told.input, numbers=told.numbers), told.area, pd.Timestamp(parse_date(told.on))
    )
    table = shared_out(communes, told.rate, method=told.method, ratchet=told.ratchet)
    columns = ["area", "name", "population", "insured", "target_people", "target_rate", "to_add", "status"]
    return _print_table(table[columns], told)


def simulate(told: argparse.Namespace) -> int:
    """Print, or write, coverage and budget month by month."""
    from bhyt_analysis.ingest.loader import load
    from bhyt_analysis.model.projection.scenario import Scenario
    from bhyt_analysis.model.projection.simulate import project_area
    from bhyt_analysis.model.projection.simulate import simulate as run
    from bhyt_analysis.model.projection.uncertainty import target_probabilities, upcoming_targets
    from bhyt_analysis.tables.explain import probability_texts

    data, scenario = (
        load(told.input, numbers=told.numbers),
        Scenario.read(told.scenario) if told.scenario else Scenario.nothing(),
    )
    by = ["commune"] if told.by_commune else []
    seed = scenario.seed if told.seed is None else told.seed
    table = run(data, told.area, scenario, by=by, draws=told.draws, seed=seed, lang=told.lang)
    table = table.rename(columns={"people": "population"})
    if told.csv:
        return _print_table(table, told)
    shown = table[
        (table["group"] == "all") & (table["month"].dt.month.isin([6, 12]) | (table["month"] == table["month"].min()))
    ]
    columns = [
        "result", "name", "month", "population", "insured", "rate", "rate_low", "rate_high",
        "vnd_central", "vnd_province", "vnd_household", "insured_costed", "status",
    ]  # fmt: skip
    proposal = f" ({translate('status.proposal', told.lang)})" if table["proposal"].iloc[0] else ""
    print(table["scenario"].iloc[0] + proposal)
    code = _print_table(shown[columns], told)
    if told.draws:
        of = project_area(data, told.area, scenario)
        print(
            *probability_texts(target_probabilities(of, upcoming_targets(data, of), told.draws, seed), told.lang),
            sep="\n",
        )
    return code


def watch(told: argparse.Namespace) -> int:
    """Print, or write, how each unit stands against its plan in a month."""
    from bhyt_analysis.ingest.loader import load
    from bhyt_analysis.model.monitoring.monitor import MAIN_COLUMNS, expiring_cards, nowcast
    from bhyt_analysis.model.monitoring.monitor import monitor as run
    from bhyt_analysis.model.monitoring.reports import reports_due
    from bhyt_analysis.tables.monitor_texts import monitor_sentences

    if told.out and not told.area:
        raise BhytError(("error.watch_out", {}))
    data = load(told.input, told.area, numbers=told.numbers)
    tables = {"units": run(data, told.area, told.month)}
    if told.area:
        month = tables["units"]["month"].iloc[0]
        more = {"nowcast": nowcast, "expiring": expiring_cards, "reports": reports_due}
        tables |= {name: table(data, told.area, month) for name, table in more.items()}
    if told.json:
        print(json.dumps({k: _records(t) for k, t in tables.items()}, ensure_ascii=False, indent=1, default=str))
    else:
        _print_table(tables["units"] if told.csv else tables["units"][MAIN_COLUMNS], told)
        if told.area and not told.csv:
            print(*monitor_sentences(**tables, lang=told.lang), sep="\n")
    if told.out:
        _save_charts(data, month, told)
    return DONE


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows for other programs; what is missing or must be hidden is null."""
    from bhyt_analysis.tables.formatting import suppressed_cells

    return table.astype(object).where(table.notna() & ~suppressed_cells(table), None).to_dict("records")


def _save_charts(data: Any, month: pd.Timestamp, told: argparse.Namespace) -> None:
    """Write the charts of the month as PNG and SVG, and name them."""
    from bhyt_analysis.briefing.monitoring import month_by_month
    from bhyt_analysis.charts.chart import save

    folder = Path(told.out)
    folder.mkdir(parents=True, exist_ok=True)
    for item in month_by_month(data, told.area, month, told.lang):
        if item.chart is not None:
            save(item.chart, folder / item.name)
            print(folder / f"{item.name}.png", file=sys.stderr)


def premium(told: argparse.Namespace) -> int:
    """Print a household's or one person's premium with its steps."""
    from bhyt_analysis.law import Law
    from bhyt_analysis.tables.explain import premium_steps

    today = Law.read().at(told.on, _lineage(told.area, told.on))
    if told.household and told.group not in (None, "household"):
        raise BhytError(("error.household_and_group", {}))
    for line in premium_steps(today, told.group or "household", told.household or 1, told.lang):
        print(line)
    return DONE


def law(told: argparse.Namespace) -> int:
    """Print the values in force on a day."""
    from bhyt_analysis.i18n.citations import format_citation
    from bhyt_analysis.law import Law

    table = Law.read().at(told.on, _lineage(told.area, told.on)).table
    table = table[["parameter", "key", "area", "since", "until", "value", "unit", "reference", "status", "note"]]
    table = table.assign(
        until=["" if d.year == 9999 else str(d) for d in table["until"]], since=table["since"].astype(str)
    )
    if told.json:
        print(json.dumps(table.to_dict("records"), ensure_ascii=False, indent=1))
        return DONE
    table["value"] = [f"{v:g}" if abs(v) < 1000 else f"{v:.0f}" for v in table["value"]]
    table["reference"] = [format_citation(r, told.lang) for r in table["reference"]]
    print(table.drop(columns=["note", "unit", "status"]).to_string(index=False))
    return DONE


def _lineage(area: str | None, on: str) -> Any:
    """The units that a place lies in; a province that only the law knows is taken by its name."""
    from bhyt_analysis.domain.geography import find_unit, lineage
    from bhyt_analysis.i18n.dates import parse_date
    from bhyt_analysis.i18n.unit_names import normalise_name
    from bhyt_analysis.ingest.loader import load
    from bhyt_analysis.law import Law

    if area is None:
        return None
    day = pd.Timestamp(parse_date(on))
    if normalise_name(area) in {normalise_name(a) for a in Law.read().table["area"]}:
        return area
    areas = load().areas
    return lineage(areas, find_unit(areas, area), day)


def _print_table(table: pd.DataFrame, told: argparse.Namespace) -> int:
    from bhyt_analysis.tables.formatting import format_table, save_csv

    if told.csv:
        folder = Path(told.csv).parent
        if not folder.is_dir():
            raise BhytError(("error.no_folder", {"file": told.csv, "folder": folder}))
        save_csv(table, Path(told.csv), told.lang)
        print(told.csv)
    elif table.empty:
        print(translate("cli.no_rows", told.lang), file=sys.stderr)
    else:
        print(format_table(table, told.lang).to_string(index=False))
    return DONE


if __name__ == "__main__":
    sys.exit(main())
