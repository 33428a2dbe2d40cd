"""Read badly made files as offices make them: the true figures, or a question; never another figure.

``python -m tests.ingest.test_cases_from_offices [WORD ...]`` lists what is wrong, the false figures first.
"""

import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest

from bhyt_analysis.domain.causes import causes
from bhyt_analysis.domain.findings import finding_message
from bhyt_analysis.ingest.loader import read_input

from .cases_from_offices import ALL, CONSEQUENCES, OF_CONSEQUENCES


def test_each_case_has_its_own_name():
    assert len(ALL) >= 80


@pytest.mark.parametrize("case", ALL.values(), ids=ALL)
def test_figures_are_true_or_asked_about(tmp_path, case):
    assert fault(case, tmp_path) == ""


def fault(case, folder):
    """Return what is wrong with the reading of a case, or ""."""
    data, findings = read_input(case.build(folder))
    messages = [finding_message(f, lang) for f in findings for lang in ("vi", "en")]
    errors = [f"{f.rule}: {finding_message(f, 'en')}" for f in findings if f.severity == "error"]
    for text in case.private:
        if any(text in m for m in messages):
            return f"PRIVATE {text} in a message"
    if data is None:
        if not errors:
            return "no data and no error"
        if case.must == "read":
            return f"REFUSED ({len(errors)}) " + " || ".join(errors[:2])
        expected = {"blank_cell"} if case.blank else set(case.reasons)
        rules = {c.first.rule for c in causes(findings)} & CONSEQUENCES - expected
        if case.kind in OF_CONSEQUENCES and rules:
            return f"REASON {sorted(rules)}: {errors[0]}"
        lines = [c.message("en") for c in causes(findings) if c.first.severity == "error"]
        return f"LONG {len(lines)} lines: {lines[0]}" if len(lines) > case.most else ""
    if case.must == "ask":
        return f"SILENT {brief(figures(data))} {brief(people(data)) if case.people else ''}"
    wrong = (case.cards is not None and different(figures(data), case.cards, case)) or (
        case.people is not None and different(people(data), case.people, case)
    )
    if wrong:
        return f"FALSE {wrong}"
    if case.rates is not None and rates(data) != {("all", *k): pytest.approx(v) for k, v in case.rates.items()}:
        return f"FALSE {rates(data)}"
    return "MUTE: nothing says what was not used" if case.noted and not findings else ""


def different(actual, expected, case):
    """Return the figures that are not those expected; units above may only have the sums of their communes."""
    actual, expected = ({k: n for k, n in d.items() if n or not case.blank} for d in (actual, expected))
    added = defaultdict(int)
    for (area, *rest), n in expected.items():
        for unit, communes in case.upper.items():
            if area in communes:
                added[unit, *rest] += n
    upper = {k: n for k, n in actual.items() if k[0] in case.upper}
    actual = {k: n for k, n in actual.items() if k[0] not in case.upper}
    extra = {k: n for k, n in actual.items() if n not in (expected.get(k), case.also.get(k))}
    lost = {k: n for k, n in expected.items() if k not in actual}
    sums = {k: n for k, n in upper.items() if added[k] != n}
    return "; ".join(f"{word} {brief(d)}" for word, d in (("has", extra), ("lost", lost), ("sums", sums)) if d)


def brief(counts):
    """Return some figures in a few words."""
    return f"{len(counts)}: " + ", ".join(f"{'/'.join(map(str, k))}={n}" for k, n in list(counts.items())[:4])


def figures(data):
    rows = zip(data.cards["area"], data.cards["group"], data.cards["as_of"].dt.date, data.cards["cards"], strict=True)
    return {(a, g, d): int(n) for a, g, d, n in rows}


def people(data):
    table = data.population
    return {(a, d): int(n) for a, d, n in zip(table["area"], table["as_of"].dt.date, table["people"], strict=True)}


def rates(data):
    rows = data.targets.itertuples()
    return {(r.scope, r.area, r.on.date()): r.rate for r in rows}


def main(words):
    """Print the faults of the cases whose names have one of the words."""
    faults = []
    for label, case in ALL.items():
        if not words or any(w in label for w in words):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    text = fault(case, Path(folder))
                except Exception as error:
                    text = f"CRASH {error!r}"
                faults += [(text, label)] if text else []
    order = ["SILENT", "FALSE", "PRIVATE", "CRASH", "MUTE", "REFUSED", "REASON", "LONG"]
    faults.sort(key=lambda f: next((i for i, w in enumerate(order) if f[0].startswith(w)), len(order)))
    for text, label in faults:
        print(f"{label}\n    {text[:420]}")
    print(len(faults), "faults")


if __name__ == "__main__":
    main(sys.argv[1:])
