"""Plan a batch: which areas, into which folders, with which parameters, from which rows of the input."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from bhyt_analysis.batch.build import Job, template_path
from bhyt_analysis.batch.build_record import code_fingerprint, json_sha256
from bhyt_analysis.batch.options import BatchOptions
from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.decisions import units_with_own_decision
from bhyt_analysis.domain.geography import match_units
from bhyt_analysis.domain.partitions import AreaPartitions
from bhyt_analysis.engine.parameters import check_parameters
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.i18n.unit_names import slugify, strip_unit_word
from bhyt_analysis.ingest.scenario_files import find_scenario_file
from bhyt_analysis.model.coverage.coverage import areas_with_figures

Parameters = Mapping[str, object]


def common_parameters(source: str, options: BatchOptions) -> Parameters:
    """Return the parameters that all notebooks of a batch have in common; paths are good in any folder."""
    path = None if source == str(bundled_path("data")) else str(Path(source).resolve())
    scenario = None if options.scenario is None else str(find_scenario_file(options.scenario).resolve())
    common = {"as_of": options.as_of, "decision": options.decision, "scenario": scenario, "lang": options.lang}
    return {**common, "seed": options.seed, "data": path, "out": "."}


def policy_sha256(common: Parameters) -> str:
    """Return a fingerprint of the parameters by what they mean: the scenario's text, not the names of files."""
    scenario = common["scenario"] and _scenario_text(Path(str(common["scenario"])))
    return json_sha256({**common, "data": None, "scenario": scenario}, code_fingerprint())


def _scenario_text(path: Path) -> list[str]:
    """Return the text of a scenario and of the files beside it that it names."""
    text = path.read_text("utf-8-sig")
    fields = tomllib.loads(text)
    names = [*fields.get("reforms", []), *([fields["zones"]] if "zones" in fields else [])]
    return [text, *((path.parent / name).read_text("utf-8-sig") for name in names)]


def plan_areas(
    parts: AreaPartitions, out: Path, names: Sequence[str] | None, common: Parameters, options: BatchOptions
) -> list[Job]:
    """Return a job for each area; without ``names`` for every unit with figures or a zoning decision of its own.

    `BhytError` for an unknown area or parameter, or if there is nothing to build.
    """
    data = parts.data
    if names is None:
        names = [*areas_with_figures(data), *units_with_own_decision(data)]
    areas = dict.fromkeys(_unit_key(data, name) for name in names)
    if not areas:
        raise BhytError(("error.no_areas", {}))
    folders, policy, notebook = slugs(data), policy_sha256(common), json.loads(template_path().read_text("utf-8"))
    jobs = []
    for area in areas:
        parameters = {"area": area, **common}
        check_parameters(notebook, parameters)
        slug = folders.get(area) or _slug_of_name(data, folders, area)
        digest = json_sha256(area, parts.sha256(area), policy)
        jobs.append(Job(area, slug, str(out), parameters, digest, options, options.engine))
    return jobs


def _unit_key(data: Dataset, area: str) -> str:
    """Return the code of a unit; its name where the code has been given to a unit of another name."""
    rows = match_units(data.areas, area)
    code = str(rows["code"].iloc[0])
    return code if len(rows) == (data.areas["code"] == code).sum() else str(rows["name"].iloc[0])


def _slug_of_name(data: Dataset, names: Mapping[str, str], area: str) -> str:
    code = str(match_units(data.areas, area)["code"].iloc[0])
    used = {name for other, name in names.items() if other != code}
    candidates = (slugify(strip_unit_word(area)), slugify(area))
    return next((c for c in candidates if c not in used), f"{slugify(area)}-{slugify(code)}")


def slugs(data: Dataset) -> dict[str, str]:
    """Return a folder name for each unit: its bare name where that is unique, otherwise more of it.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> names = slugs(load())
    >>> names["076"], names["522"], names["51"]
    ('son-duong', 'thanh-pho-quang-ngai', 'tinh-quang-ngai')
    """
    units = data.areas.drop_duplicates("code")
    upper = units["kind"].isin(["country", "province", "district"])
    short, full = units["name"].map(strip_unit_word).map(slugify), units["name"].map(slugify)
    unique_upper = short[upper].drop_duplicates(keep=False).index
    names = short.where(~short.duplicated(keep=False) | units.index.isin(unique_upper), full)
    names = names.mask(names.duplicated(keep=False), names + "-" + units["code"].map(slugify))
    return dict(zip(units["code"], names, strict=True))
