"""Plan a batch: which areas, into which folders, with which parameters, from which rows of the input."""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from bhyt_analysis.batch.build import Job, template_path
from bhyt_analysis.batch.build_record import code_fingerprint, json_sha256
from bhyt_analysis.batch.options import BatchOptions
from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.decisions import units_with_own_decision
from bhyt_analysis.domain.geography import Geography, Unit
from bhyt_analysis.domain.partitions import partition_sha256
from bhyt_analysis.engine.parameters import check_parameters
from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.i18n.unit_names import slugify, strip_unit_word
from bhyt_analysis.ingest.scenario_files import find_named_file, find_scenario_file
from bhyt_analysis.ingest.workbook import shared_path
from bhyt_analysis.model.coverage.coverage import areas_with_figures

Parameters = Mapping[str, object]
MAX_LETTERS = 57  # of a folder's name: a path has it twice, and on Windows no more than 260 letters in all
DIGEST_LETTERS = 8
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}  # of Windows


def common_parameters(source: str, options: BatchOptions) -> Parameters:
    """Return the parameters that all notebooks of a batch have in common; paths are good in any folder.

    A file with the name of a person is named as results may do, so that such a notebook runs again only with ``data``.
    """
    path = None if source == str(bundled_path("data")) else str(shared_path(Path(source).resolve()))
    scenario = None if options.scenario is None else str(find_scenario_file(options.scenario).resolve())
    common = {"as_of": options.as_of, "decision": options.decision, "scenario": scenario, "lang": options.lang}
    return {**common, "seed": options.seed, "data": path, "out": ".", "disclosure": options.disclosure}


def policy_sha256(common: Parameters) -> str:
    """Return a fingerprint of the parameters by what they mean: the scenario's text, not the names of files."""
    scenario = common["scenario"] and _scenario_text(Path(str(common["scenario"])))
    return json_sha256({**common, "data": None, "scenario": scenario}, code_fingerprint())


def _scenario_text(path: Path) -> list[str]:
    """Return the text of a scenario and of the files that it names."""
    text = path.read_text("utf-8-sig")
    fields = tomllib.loads(text)
    files = [find_named_file(name, path, "reforms") for name in fields.get("reforms", [])]
    files += [find_named_file(fields["zones"], path)] if "zones" in fields else []
    return [text, *(file.read_text("utf-8-sig") for file in files)]


def plan_areas(
    data: Dataset,
    out: Path,
    names: Sequence[str] | None,
    common: Parameters,
    options: BatchOptions,
    listed: Geography | None = None,
) -> list[Job]:
    """Return a job for each area; without ``names`` for every unit with figures or a zoning decision of its own.

    ``listed``: the units of the input, where some of the country were added; see `slugs`.
    `BhytError` for an unknown area or parameter, or if there is nothing to build.
    """
    if names is None:
        names = [*areas_with_figures(data), *units_with_own_decision(data)]
    units = list(dict.fromkeys(data.find(name) for name in names))
    if not units:
        raise BhytError(("error.no_areas", {}))
    folders, policy, notebook = (
        slugs(data.geography, listed),
        policy_sha256(common),
        json.loads(template_path().read_text("utf-8")),
    )
    check_parameters(notebook, {"area": "", **common})
    jobs = []
    for unit in units:
        area = data.geography.key(unit)
        parameters = {"area": area, **common}
        digest = json_sha256(area, partition_sha256(data, unit), policy)
        source_date = os.environ.get(clock.VARIABLE, "")
        job = Job(area, folders[unit], str(out), parameters, digest, options, options.engine, source_date=source_date)
        jobs.append(job)
    return jobs


def slugs(geography: Geography, listed: Geography | None = None) -> dict[Unit, str]:
    """Return a folder name for each unit: its bare name where that is unique, otherwise more of it.

    Of several spells of one unit under one name, those that have ended have the day of their end. ``listed``: the
    units of the input, whose names do not depend on those that were added from the country.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> geography = load().geography
    >>> names = slugs(geography)
    >>> [names[geography.find(a)] for a in ("076", "522", "51", "51@2025-06-30")]
    ['son-duong', 'thanh-pho-quang-ngai', 'tinh-quang-ngai', 'tinh-quang-ngai-2025-06-30']
    """
    listed = listed or geography
    rows = [(u.code, slugify(u.name), slugify(strip_unit_word(u.name)), u.kind) for u in listed.units.values()]
    units = pd.DataFrame(rows, columns=["code", "full", "short", "kind"]).drop_duplicates(["code", "full"])
    unique_upper = units.loc[units["kind"] != "commune", "short"].drop_duplicates(keep=False).index
    names = units["short"].where(~units["short"].duplicated(keep=False) | units.index.isin(unique_upper), units["full"])
    names = names.mask(names.duplicated(keep=False), names + "-" + units["code"].map(slugify))
    by_unit = dict(zip(zip(units["code"], units["full"], strict=True), names, strict=True))
    slugs_of_spells = {}
    for unit in geography.units.values():
        name, code = slugify(unit.name), slugify(unit.code)
        same_code = (listed if unit.id in listed.units else geography).units_with_code(unit.code)
        is_last = all(u.first <= unit.first for u in same_code if slugify(u.name) == name)
        slug = by_unit.get((unit.code, name), f"{name}-{code}")
        slugs_of_spells[unit] = folder_name(slug if is_last else f"{slug}-{unit.until:%Y-%m-%d}")
    return slugs_of_spells


def folder_name(slug: str) -> str:
    """Return a name that every file system takes, also with the endings of files: a long one is cut, yet still unique.

    Examples
    --------
    >>> folder_name("son-duong"), folder_name("con"), folder_name("xa-" + "a" * 300)
    ('son-duong', 'con_', 'xa-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-cb977ed6')
    """
    if len(slug) > MAX_LETTERS:
        digest = hashlib.sha256(slug.encode()).hexdigest()[:DIGEST_LETTERS]
        return f"{slug[: MAX_LETTERS - DIGEST_LETTERS - 1].rstrip('-')}-{digest}"
    return f"{slug}_" if slug in RESERVED else slug
