"""Losses and gains of communes that were joined, against the zone table of article 12(3h) read one former commune at
a time; the oracle reads no code of the package."""

import numpy as np
import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.briefing import reclassification
from bhyt_analysis.model.reclassification.zone_choices import zone_choices

from ..conftest import write_table

AREAS = ["code", "name", "kind", "parent", "since", "until"]
STEPS = ["code_old", "code_new", "on", "share"]
PEOPLE = ["area", "as_of", "people", "minority_people", "status", "source"]
ZONES = ["area", "decision", "zone", "special_villages_share", "since", "until", "status", "source"]
CARDS = ["area", "as_of", "group", "cards", "status", "source"]
LAST, FIRST = "2025-06-30", "2025-07-01"


def entitled(zone, minority):
    """Law art. 12(3h): all residents of zone III, ethnic minorities of zone II, no one elsewhere."""
    return zone == "III" or (zone == "II" and minority)


def oracle(former, zone_after):
    """(before, lost, gained) of a commune: ``former`` has the zone before, Kinh and minority people of each part."""
    before = lost = gained = 0
    for zone, kinh, minority in former:
        for people, is_minority in ((kinh, False), (minority, True)):
            had, has = entitled(zone, is_minority), entitled(zone_after, is_minority)
            before += people * had
            lost += people * (had and not has)
            gained += people * (has and not had)
    return before, lost, gained


def write_input(folder, communes, zones_before=True, cards="former", shares=1, minority=True):
    """Write an input of a new province; ``communes``: code of each new commune to its former ones and its new zone.

    A former commune is (code, zone before, Kinh, minority people); ``cards`` are those of "former" communes, of the
    "new" ones, or None.
    """
    old = {f[0]: f for former, _ in communes.values() for f in former}
    areas = [["P", "Tỉnh Cũ", "province", "", "", LAST], ["Q", "Tỉnh Mới", "province", "", FIRST, ""]]
    areas += [[code, f"Xã Cũ {code}", "commune", "P", "", LAST] for code in old]
    areas += [[code, f"Xã Mới {code}", "commune", "Q", FIRST, ""] for code in communes]
    steps = [["P", "Q", FIRST, 1]]
    steps += [[f[0], code, FIRST, shares] for code, (former, _) in communes.items() for f in former]
    people = [[c, LAST, k + m, m if minority else "", "published", "x"] for c, _, k, m in old.values()]
    zones = [[c, "861", z, 0, "2021-07-01", "2025-12-31", "published", "x"] for c, z, *_ in old.values()]
    zones = zones if zones_before is True else [z for z in zones if z[0] in zones_before]
    zones += [[c, "60", zone, 0, "2026-01-01", "", "published", "y"] for c, (_, zone) in communes.items()]
    cards_of = {c: k * entitled(z, False) + m * entitled(z, True) for c, z, k, m in old.values()}
    rows = {
        "former": [[c, LAST, "difficult_area", n, "published", "x"] for c, n in cards_of.items()],
        "new": [
            [code, "2025-12-31", "difficult_area", sum(cards_of[f[0]] for f in former), "published", "x"]
            for code, (former, _) in communes.items()
        ],
        None: [],
    }[cards]
    tables = {"areas": (AREAS, areas), "successors": (STEPS, steps), "population": (PEOPLE, people)}
    tables |= {"zones": (ZONES, zones), "cards": (CARDS, rows)}
    for name, (columns, table) in tables.items():
        write_table(folder / f"{name}.csv", columns, *table)
    return bhyt.load(folder)


JOINED = {"N1": ([("O1", "III", 1000, 1000), ("O2", "I", 2400, 600)], "III"), "N2": ([("O3", "II", 0, 3500)], "I")}


def test_a_decision_takes_from_one_former_commune_and_gives_to_another(tmp_path):
    data = write_input(tmp_path, {"N": ([("O1", "III", 1000, 500), ("O2", "I", 700, 300)], "II")})
    row = bhyt.reclassify(data, "60", "Q").iloc[0]
    # O1: 1,000 Kinh lose; 500 minority keep. O2: 300 minority gain.
    assert row[["before", "lost", "kept", "gained", "after"]].tolist() == [1500, 1000, 500, 300, 800]
    assert (row["zone_before"], row["zone_after"], row["method"], row["unknown"]) == ("mixed", "II", "zones", "")
    parts = bhyt.reclassify(data, "60", "Q", by=("former",)).set_index("former")
    assert parts["zone_before"].to_dict() == {"O1": "III", "O2": "I"}
    assert parts[["lost", "gained"]].to_numpy().tolist() == [[1000, 0], [0, 300]]
    by_entitlement = bhyt.reclassify(data, "60", "Q", by=("subgroup",))
    assert by_entitlement[["lost", "gained"]].sum().tolist() == [1000, 300]


@pytest.mark.parametrize("cards", ["former", "new"])
def test_zones_of_communes_counted_by_former_ones_cannot_be_chosen(tmp_path, cards):
    data = write_input(tmp_path, JOINED, cards=cards)
    assert set(bhyt.reclassify(data, "60", "Q")["method"]) == {"zones"}
    assert zone_choices(data, "60", "Q") is None


@pytest.mark.parametrize("cards", ["former", "new"])
def test_sixty_joined_communes_lose_and_gain_as_the_law_reads(tmp_path, cards):
    rng, communes = np.random.default_rng(17), {}
    for i in range(60):
        former = [
            (f"O{i}_{j}", str(rng.choice(["III", "II", "I", "none"])), *map(int, rng.integers(0, 3000, 2)))
            for j in range(int(rng.integers(1, 5)))
        ]
        communes[f"N{i}"] = former, str(rng.choice(["III", "II", "I", "none"]))
    data = write_input(tmp_path, communes, cards=cards)
    table = bhyt.reclassify(data, "60", "Q").set_index("area")
    for code, (former, zone) in communes.items():
        row = table.loc[code]
        before, lost, gained = oracle([f[1:] for f in former], zone)
        assert row["before"] == before, code
        # Where cards of the whole are shared out, and each part's by ethnic group, each may be one person off.
        assert row["lost"] == pytest.approx(lost, abs=len(former)), code
        assert row["gained"] == pytest.approx(gained, abs=len(former)), code
        assert (row["lost"] + row["kept"], row["kept"] + row["gained"]) == (row["before"], row["after"])
        assert row["population"] == sum(sum(f[2:]) for f in former)
    parts = bhyt.reclassify(data, "60", "Q", by=("former",))
    sums = parts.groupby("area")[["before", "lost", "gained", "population"]].sum()
    assert (sums == table.loc[sums.index, sums.columns]).all(axis=None)


def test_a_former_commune_without_a_zone_leaves_the_commune_uncounted(tmp_path):
    data = write_input(tmp_path, JOINED, zones_before={"O1", "O3"})
    table = bhyt.reclassify(data, "60", "Q").set_index("area")
    assert table.loc["N1", ["lost", "gained"]].isna().all()
    assert table.loc["N1", ["method", "unknown", "zone_before"]].tolist() == ["listed", "zone_before", ""]
    assert table.loc["N2", ["lost", "gained"]].tolist() == [3500, 0]
    parts = bhyt.reclassify(data, "60", "Q", by=("former",)).set_index("former")
    assert parts.loc["O1", ["lost", "gained"]].tolist() == [0, 0]  # what is known of a part is given
    assert parts.loc["O2", "unknown"] == "zone_before"


def test_without_cards_the_commune_says_that_they_are_missing(tmp_path):
    table = bhyt.reclassify(write_input(tmp_path, JOINED, cards=None), "60", "Q")
    assert table["unknown"].tolist() == ["cards", "cards"]
    assert table["lost"].isna().all()


def test_ethnic_shares_matter_only_where_the_table_says_so(tmp_path):
    data = write_input(tmp_path, JOINED | {"N3": ([("O4", "III", 500, 500)], "II")}, minority=False)
    table = bhyt.reclassify(data, "60", "Q").set_index("area")
    assert table.loc["N1", ["lost", "gained", "unknown"]].tolist() == [0, 3000, ""]  # III and I to III
    assert table.loc["N3", "unknown"] == "minority"  # III to II: Kinh lose, minorities keep
    assert pd.isna(table.loc["N3", "lost"])
    assumed = bhyt.reclassify(data, "60", "Q", minority_share=0.5).set_index("area")
    assert assumed.loc["N3", ["lost", "status"]].tolist() == [500, "estimated"]


def test_a_part_of_unknown_share_is_never_split(tmp_path):
    table = bhyt.reclassify(write_input(tmp_path, JOINED, shares=""), "60", "Q").set_index("area")
    assert table.loc["N1", ["lost", "unknown"]].isna().tolist()[0]
    assert table.loc["N1", "method"] == "listed"


def test_a_code_that_another_commune_had_before_is_not_that_commune(tmp_path):
    # The new commune bears the code of one of its three former ones.
    write_input(tmp_path, {"N1": ([("O1", "III", 0, 1000), ("O2", "I", 2000, 0)], "I")})
    for file in tmp_path.glob("*.csv"):
        file.write_text(file.read_text(encoding="utf-8").replace("N1", "O1"), encoding="utf-8")
    row = bhyt.reclassify(bhyt.load(tmp_path), "60", "Q").iloc[0]
    assert (row["zone_before"], row["population"]) == ("mixed", 3000)
    assert row[["before", "lost", "gained"]].tolist() == [1000, 1000, 0]


def test_counts_of_former_communes_are_not_shared_out_anew(tmp_path):
    # Few of O1's people hold a card by their area, most of O2's; both leave zone III.
    write_input(tmp_path, {"N": ([("O1", "III", 1000, 0), ("O2", "III", 1000, 0)], "I")})
    cards = [
        ["O1", LAST, "difficult_area", 100, "published", "x"],
        ["O2", LAST, "difficult_area", 950, "published", "x"],
    ]
    write_table(tmp_path / "cards.csv", CARDS, *cards)
    parts = bhyt.reclassify(bhyt.load(tmp_path), "60", "Q", by=("former",)).set_index("former")
    assert parts["lost"].to_dict() == {"O1": 100, "O2": 950}
    # A later count of the commune itself is newer: it is shared out by the people entitled.
    write_table(tmp_path / "cards.csv", CARDS, *cards, ["N", "2025-11-30", "difficult_area", 1000, "published", "x"])
    parts = bhyt.reclassify(bhyt.load(tmp_path), "60", "Q", by=("former",)).set_index("former")
    assert parts["lost"].to_dict() == {"O1": 500, "O2": 500}


def test_a_gain_may_depend_on_an_unknown_ethnic_share(tmp_path):
    data = write_input(tmp_path, {"N": ([("O1", "II", 500, 500)], "III")}, minority=False)
    row = bhyt.reclassify(data, "60", "Q").iloc[0]
    assert (row["lost"], pd.isna(row["gained"]), row["unknown"]) == (0, True, "minority")


def test_without_an_area_the_provinces_of_a_list_are_there_once(tmp_path, data):
    own = write_input(tmp_path, JOINED, cards="new")  # communes with cards, and their province
    for table in (bhyt.reclassify(own, "60"), bhyt.reclassify(own, "60", "Q")):
        assert sorted(table["area"]) == ["N1", "N2"]
    assert len(bhyt.reclassify(data, "2752")) == 99
    assert bhyt.reclassify(data, "46")["zone_after"].value_counts().to_dict() == {"III": 38, "II": 5, "I": 2}


def test_a_briefing_of_a_list_says_what_it_can_not_know(data, law):
    for area, count in (("Lào Cai", 99), ("Điện Biên", 45)):
        briefing = bhyt.Briefing(data, area, law, lang="en")
        table = bhyt.unit_losses(briefing.data_as_of, briefing.decision, briefing.area)
        text = " ".join(item.text for item in reclassification.items(briefing, table))
        assert f"{count} communes cannot be counted" in text
        assert "cards by area before that day are not known" in text
