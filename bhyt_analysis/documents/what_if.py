"""Put the model of an area into its page: constants and words as JSON, the controls, and one script of our own."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.tables.disclosure import disclosure_rules
from bhyt_analysis.tables.labels import group_name

MODEL = "model.json"  # beside the notebook
FILES = ("model.js", "settings.js", "results.js", "controls.js")  # in the order of the page
STYLE = "controls.css"
PAYERS = ("central", "province", "social_security_fund", "employer", "household")
# What a page reads of the zones of a commune.
COMMUNE = ("code", "name", "on", "zone", "unit", "month", "lost", "gained", "other", "minority", "entitlements")
# Words of the template; the script fills the others in.
PAGE_WORDS = (
    "title", "how", "stamp", "proposal", "proposal_text", "reset", "reset_briefing", "link", "set", "path", "money",
)  # fmt: skip
SCRIPT_WORDS = (
    "behaviour", "outreach", "take_up_household", "support", "top_up", "top_up_group", "premium", "base_salary",
    "contribution_rate", "since", "since_of", "since_short", "target_group", "target", "on", "in_force", "baseline",
    "baseline_zones", "scenario", "since_day", "coverage", "insured", "change", "change_zones", "missing",
    "missing_people", "monthly", "reached", "needed", "back", "back_people", "no_back", "public", "per_person",
    "per_person_unit", "per_person_none", "path_text", "band", "band_gone", "year", "rate", "people", "months_of",
    "costed", "units", "units_people", "zones", "zone_pair", "zones_each", "zone_decided",
    "zones_title", "zones_of", "zones_all", "zones_note",
)  # fmt: skip
EXPLORER_WORDS = ("zone_pairs", "zones_lost", "zones_gained")  # the same as those of the explorer


def page_parts(folder: Path, lang: str) -> dict[str, Any]:
    """Return what the template of a page needs of the model in a folder; nothing where there is none."""
    from markupsafe import Markup

    path = folder / MODEL
    if not path.is_file():
        return {"script": Markup(), "style": Markup()}
    model = json.loads(path.read_text(encoding="utf-8"))
    words = {key: translate(f"whatif.{key}", lang) for key in PAGE_WORDS}
    if reason := model.get("left_out"):
        key, fields = f"whatif.left_out_{reason}", {"count": int(disclosure_rules()["threshold"])}
        return {"left_out": translate(key, lang, **fields), "words": words, "script": Markup(), "style": Markup()}
    intro = [translate("whatif.intro", lang, as_of=model["as_of"]), translate("whatif.intro_behaviour", lang)]
    return {
        "words": words,
        "intro": " ".join(intro),
        "is_current_law": model["is_current_law"],
        "script": Markup(page_script()),
        "style": Markup(Path(__file__).with_name(STYLE).read_text(encoding="utf-8")),
        "model": Markup(safe_json(_of_page(model))),
        "messages": Markup(safe_json(script_words(model, lang))),
    }


def _of_page(model: dict[str, Any]) -> dict[str, Any]:
    """Return the constants without those that only the workbook reads."""
    page = {key: value for key, value in model.items() if key != "one_unit"}
    page["law"] = {key: value for key, value in model["law"].items() if key != "rows"}
    if zones := model["zones"]:
        page["zones"] = {**zones, "communes": [{key: one[key] for key in COMMUNE} for one in zones["communes"]]}
    return page


def safe_json(value: Any) -> str:
    """Return JSON that ends no script element and begins no comment, whatever the texts in it are.

    Examples
    --------
    >>> safe_json({"name": "</script><b>"})
    '{"name":"\\\\u003c/script\\\\u003e\\\\u003cb\\\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":  # they are only ever within texts
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def script_words(model: dict[str, Any], lang: str) -> dict[str, Any]:
    """Return the words that the script fills in, with their fields between braces."""
    zones = model["zones"] or {"zones": (), "communes": ()}
    return {
        **{key: _template(f"whatif.{key}", lang) for key in SCRIPT_WORDS},
        "groups": {key: translate(f"explore.of.{key}", lang) for key in model["law"]["adjustable"]},
        "payers": {key: translate(f"payer.{key}", lang) for key in PAYERS},
        **{key: translate(f"explore.{key}", lang) for key in EXPLORER_WORDS},
        "zone_names": {zone: translate(f"zone.{zone}", lang) for zone in zones["zones"]},
        "entitlements": {key: group_name(key, lang) for c in zones["communes"] for key in c["entitlements"]},
        "locale": "vi-VN" if lang == "vi" else "en-GB",
    }


def _template(key: str, lang: str) -> str:
    """Return a message whose fields are still to be filled in."""
    empty: dict[str, str] = {}
    while True:
        try:
            return translate(key, lang, **empty)
        except KeyError as error:
            empty[str(error.args[0])] = "{" + str(error.args[0]) + "}"


@lru_cache(maxsize=1)
def page_script() -> str:
    """Return the modules as one script: without imports, exports and types, for a page is a single file."""
    texts = [Path(__file__).with_name(name).read_text(encoding="utf-8") for name in FILES]
    text = re.sub(r"^(import .*\n|export )", "", "\n".join(texts), flags=re.MULTILINE)
    text = re.sub(r"(?ms)^ *(/\*\*(?:(?!\*/).)*\*/)\n|/\*\*.*?\*/ ?", "", text)  # what the checker of types reads
    return f"(() => {{\n{text}}})();\n"
