"""Spoil random workbooks with known truth: never a silently wrong number, and harmless changes are read.

``python -m tests.ingest.test_fuzz 2000 [FIRST]`` tries that many seeds and lists each fault with the fewest mutations
that make it; ``python -m tests.ingest.test_fuzz show SEED FOLDER`` writes the workbook of a seed.
"""

import sys
import tempfile
from collections import Counter
from itertools import combinations
from pathlib import Path

from bhyt_analysis.domain.findings import finding_message
from bhyt_analysis.ingest.loader import read_input

from .random_workbooks import ASK, HARMLESS, choose, effect_of, spoil, write

SEEDS = 90
LEAST_READ = 0.85  # of the workbooks that have only harmless changes


def test_no_mutation_gives_a_silently_wrong_number():
    faults, read, harmless = run(range(SEEDS), shrink=False)
    assert not faults, "\n".join(faults)
    assert harmless > SEEDS / 5
    assert read >= LEAST_READ * harmless


def test_good_workbooks_are_read_without_a_question():
    assert [seed for seed in range(12) if outcome(f"good {seed}", [])[0] != "read"] == []


def outcome(seed, names):
    """Return what became of a workbook (read, asked, or a fault), what was wrong, and the mutations that applied."""
    book, done = spoil(seed, names)
    with tempfile.TemporaryDirectory() as folder:
        data, findings = read_input(write(book, Path(folder)))
    errors = [f"{f.rule}: {finding_message(f, 'en')}" for f in findings if f.severity == "error"]
    if data is None:
        return ("asked" if errors else "no error"), errors[0] if errors else "", done
    cards, people = figures(data, book.above)
    if effect_of(done) == ASK:
        return "silent", f"{book.layout} {book.ext}: loaded, though it can't be", done
    wrong = {k: n for k, n in cards.items() if book.cards.get(k) != n}
    wrong |= {k: n for k, n in people.items() if book.people.get(k) != n}
    lost = [k for k in (*book.cards, *book.people) if k not in cards and k not in people]
    if wrong or lost:
        return "false", f"{book.layout} {book.ext}: has {list(wrong.items())[:3]}, lost {len(lost)} {lost[:3]}", done
    return "read", "", done


def figures(data, above):
    """Return the cards and people that were read, without the units above the communes."""
    table = data.cards
    rows = zip(table["area"], table["group"], table["as_of"].dt.date, table["cards"], strict=True)
    cards = {(a, g, d): int(n) for a, g, d, n in rows if a not in above}
    table = data.population
    rows = zip(table["area"], table["as_of"].dt.date, table["people"], strict=True)
    return cards, {(a, d): int(n) for a, d, n in rows if a not in above}


def run(seeds, shrink=True, refused=None):
    """Return the faults of some seeds, how many harmless workbooks were read, and how many there were."""
    faults, read, harmless = [], 0, 0
    for seed in seeds:
        result, text, done = outcome(seed, choose(seed))
        if effect_of(done) == HARMLESS:
            harmless += 1
            read += result == "read"
            if result == "asked" and refused is not None:
                refused.append((seed, done, text))
        if result not in ("read", "asked"):
            fewest = smallest(seed, done, result) if shrink else done
            faults.append(f"{result} {fewest} (seed {seed}): {text}")
            if refused is not None:
                print(faults[-1], flush=True)
        if refused is not None and seed % 100 == 99:
            print(f"seed {seed}: {len(faults)} faults, {read} of {harmless} harmless workbooks read", flush=True)
    return faults, read, harmless


def smallest(seed, names, result):
    """Return the fewest of some mutations that give the same result."""
    for size in range(len(names)):
        for part in combinations(names, size):
            if outcome(seed, list(part))[0] == result:
                return list(part)
    return names


def main(words):
    if words[0] == "show":
        folder = Path(words[2])
        folder.mkdir(parents=True, exist_ok=True)
        names = words[3:] or choose(int(words[1]))
        print(names, outcome(int(words[1]), names), write(spoil(int(words[1]), names)[0], folder))
        return
    first = int(words[1]) if len(words) > 1 else 0
    refused = []
    faults, read, harmless = run(range(first, first + int(words[0])), refused=refused)
    causes = Counter(m for _, done, _ in refused for m in done)
    print("refused though harmless:", *(f"  {n} {m}" for m, n in causes.most_common()), sep="\n")
    print(*(f"  seed {s} {d}: {t[:300]}" for s, d, t in refused[:40]), sep="\n")
    print(f"{len(faults)} faults in {words[0]} runs; {read} of {harmless} harmless workbooks read")


if __name__ == "__main__":
    main(sys.argv[1:])
