"""Which areas are to be made, into which folders, with which parameters, from which rows of the input?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bhyt_analysis.batch.build import Job, template_path
from bhyt_analysis.batch.build_record import code_fingerprint, sha256_of
from bhyt_analysis.batch.options import BatchOptions
from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.geography import match_units
from bhyt_analysis.domain.partitions import AreaPartitions
from bhyt_analysis.engine.parameters import check_parameters
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.i18n.unit_names import slugify, strip_unit_word
from bhyt_analysis.ingest.scenario_files import find_scenario_file
from bhyt_analysis.model.coverage.coverage import areas_with_figures


def parameters(source: str, options: BatchOptions) -> dict[str, Any]:
    """Return the parameters that all notebooks of a batch have in common; paths are good in any folder."""
    path = None if source == str(bundled_path("data")) else str(Path(source).resolve())
    scenario = None if options.scenario is None else str(find_scenario_file(options.scenario).resolve())
    common = {"as_of": options.as_of, "scenario": scenario, "lang": options.lang, "seed": options.seed}
    decision = {} if options.decision is None else {"decision": options.decision}
    return {**common, **decision, "data": path, "out": "."}


def policy_sha256(common: dict[str, Any]) -> str:
    """A fingerprint of the parameters by what they mean: the scenario's text, not the names of files."""
    scenario = common["scenario"] and _scenario_text(Path(common["scenario"]))
    return sha256_of({**common, "data": None, "scenario": scenario}, code_fingerprint())


def _scenario_text(path: Path) -> list[str]:
    """The scenario and the files beside it that it names."""
    import tomllib

    text = path.read_text("utf-8-sig")
    told = tomllib.loads(text)
    named = [*told.get("reforms", []), *([told["zones"]] if "zones" in told else [])]
    return [text, *((path.parent / name).read_text("utf-8-sig") for name in named)]


def plan_areas(
    parts: AreaPartitions, out: Path, areas: Sequence[str] | None, common: dict[str, Any], limits: dict[str, Any]
) -> list[Job]:
    """A job for each area that is asked for; ``limits`` are the job's own fields.

    Raises BhytError for an unknown area, or if there is nothing to make.
    """
    data = parts.data
    wanted = areas_with_figures(data) if areas is None else list(areas)
    codes = {_meant(data, a): None for a in wanted}
    if not codes:
        raise BhytError(("error.no_areas", {}))
    names, policy, notebook = slugs(data), policy_sha256(common), json.loads(template_path().read_text("utf-8"))
    jobs = []
    for area in codes:
        about = {"area": area, **common}
        check_parameters(notebook, about)
        folder = names.get(area) or _folder(data, names, area)
        digest = sha256_of(area, parts.sha256(area), policy)
        jobs.append(Job(area, folder, str(out), about, inputs_sha256=digest, **limits))
    return jobs


def _meant(data: Dataset, area: str) -> str:
    """The code of a unit; its name where the code has been given to a unit of another name."""
    rows = match_units(data.areas, area)
    code = str(rows["code"].iloc[0])
    return code if len(rows) == (data.areas["code"] == code).sum() else str(rows["name"].iloc[0])


def _folder(data: Dataset, names: dict[str, str], area: str) -> str:
    """A folder name for a unit that is known by its name, which no other unit has."""
    code = str(match_units(data.areas, area)["code"].iloc[0])
    taken = {name for other, name in names.items() if other != code}
    wanted = (slugify(strip_unit_word(area)), slugify(area))
    return next((w for w in wanted if w not in taken), f"{slugify(area)}-{slugify(code)}")


def slugs(data: Dataset) -> dict[str, str]:
    """A folder name for each unit: its bare name where that is unique, else more of it.

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
    once = ~short.duplicated(keep=False) | (
        upper & ~short[upper].duplicated(keep=False).reindex(units.index, fill_value=True)
    )
    chosen = short.where(once, full)
    coded = chosen + "-" + units["code"].map(slugify)
    chosen = chosen.where(~chosen.duplicated(keep=False), coded)
    return dict(zip(units["code"], chosen, strict=True))
