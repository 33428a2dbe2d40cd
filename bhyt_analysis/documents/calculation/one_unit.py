"""Take from the constants of an area those of its communes added up, with exits that follow the choice of zones."""

from __future__ import annotations

from typing import Any


def one_unit(record: dict[str, Any]) -> dict[str, Any]:
    """Return the constants of an area as one unit.

    ``zones``, where there are some, has ``is_live``: whether the months begin before the decision, so that its exits
    follow the choice of zones. Each class of exits then has ``shares``, its pools by what is known of those who leave.
    """
    model = {**record, **record["one_unit"]}
    zones = record.get("zones")
    if not zones:
        return model
    is_live = "model" not in zones and model["months"] == record["months"] and record["decision"] == zones["decision"]
    model["zones"] = {**zones, "is_live": is_live}
    if is_live:
        support = {key: record["exits"][key] for key in ("support", "support_months")}
        classes = _exit_classes(zones, record["exits"]["pool_terms"])
        model["exits"] = {**model["exits"], **support, "classes": classes}
        model |= {"decision": record["decision"], "band": record["band"]}
    return model


def _exit_classes(zones: dict[str, Any], pool_terms: list[list[Any]]) -> list[dict[str, Any]]:
    """Return the exits that a choice of zones can have: by month, and by whether communes are of the minority area."""
    shares = dict(pool_terms)
    gains: dict[tuple[int, int], int] = {}
    for commune in zones["communes"]:
        for area, gained in zip(zones["minority_area"], commune["gained"], strict=True):
            key = commune["month"], area
            gains[key] = max(gains.get(key, 0), gained)
    return [
        {"month": month, "minority_area": area, "shares": shares[float(area)], "can_gain": gained > 0}
        for (month, area), gained in sorted(gains.items())
    ]
