"""Measure reading: a workbook of all communes against the bare reader, a register of persons against pandas.

The workbook has 11,000 communes in 12 sub-groups (132,000 rows of cards). Ours reads it and checks it;
the rival is ``pandas.read_excel`` of the same file with the same engine (calamine), which makes one
table of cells of each sheet. The register has 5,000,000 rows: ours finds the heading, counts the cells,
looks for repeated cards and turns groups, days and units into those of the schema; the rival reads the
three columns that it needs with pandas and groups them. Each runs in a process of its own.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from bhyt_analysis.ingest import person_register
from bhyt_analysis.ingest.loader import read_input
from bhyt_analysis.law import groups

ROOT = Path(__file__).parents[1]
COMMUNES = 11_000
PERSONS = 5_000_000
DISTRICTS = 700


def workbook(rounds: int = 3) -> dict[str, float]:
    """Measure reading and checking the workbook, against the bare reader of the same file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "country.xlsx"
        write_country(file)
        ours = [timed("read", file)[0] for _ in range(rounds)]
        bare = [timed("bare", file)[0] for _ in range(rounds)]
    return {"ours": sorted(ours)[rounds // 2], "pandas.read_excel": sorted(bare)[rounds // 2]}


def persons(rounds: int = 3) -> dict[str, float]:
    """Measure counting the register, against pandas' groupby on it; peak memory of each."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "register.csv"
        write_register(file)
        ours = sorted(timed("count", file) for _ in range(rounds))[rounds // 2]
        rival = sorted(timed("groupby", file) for _ in range(rounds))[rounds // 2]
    return {
        "ours": ours[0],
        "pandas": rival[0],
        "our peak memory in GB": ours[1],
        "peak memory of pandas in GB": rival[1],
    }


def write_country(file: Path) -> None:
    """Write a workbook of made-up communes: units, population, cards of 12 sub-groups."""
    rng = np.random.default_rng(1)
    codes = [f"C{i:05d}" for i in range(COMMUNES)]
    above = [f"D{i * DISTRICTS // COMMUNES:03d}" for i in range(COMMUNES)]
    units = [(d, f"Huyện {d}", "district", "") for d in dict.fromkeys(above)]
    units += [(c, f"Xã {c}", "commune", d) for c, d in zip(codes, above, strict=True)]
    common = {"as_of": pd.Timestamp("2021-06-30"), "status": "synthetic", "source": "made up"}
    keys = [k for k in groups().index if groups().at[k, "group"] == "state_paid"][1:13]
    cards = pd.DataFrame({"area": np.repeat(codes, len(keys)), "group": np.tile(keys, COMMUNES)})
    cards["cards"] = rng.integers(0, 300, len(cards))
    areas = pd.DataFrame(units, columns=["code", "name", "kind", "parent"])
    population = pd.DataFrame({"area": codes, "people": 20_000}).assign(**common)
    tables = {"areas": areas, "population": population, "cards": cards.assign(**common)}
    with pd.ExcelWriter(file, engine="openpyxl") as writer:
        for name, table in tables.items():
            table.to_excel(writer, sheet_name=name, index=False)


def write_register(file: Path) -> None:
    """Write a register of made-up persons in 2,000 communes and three months."""
    rng = np.random.default_rng(1)
    names = np.array([f"{a} {b} {c}" for a in ("Nguyễn", "Trần", "Lò") for b in ("Văn", "Thị") for c in ("An", "Hoa")])
    codes = np.array(["HN", "CN", "TE", "HS", "SV", "GD", "DT", "DK", "XD", "HT", "BT", "GB"])
    days = np.array(["31/07/2021", "31/08/2021", "30/09/2021"])
    with file.open("w", encoding="utf-8") as out:
        out.write("Họ và tên,Năm sinh,Mã thẻ,Mã đơn vị,Ngày số liệu\n")
        for start in range(0, PERSONS, 100_000):
            rows = [rng.integers(0, n, 100_000) for n in (len(names), 80, len(codes), 2000, len(days))]
            columns = zip(names[rows[0]], rows[1], codes[rows[2]], rows[3], days[rows[4]], strict=True)
            for number, (name, year, code, unit, day) in enumerate(columns, start):
                out.write(f"{name},{1940 + year},{code}4240{number:010d},C{unit:05d},{day}\n")


def timed(what: str, file: Path) -> tuple[float, float]:
    """Return seconds and peak memory in GB of one measure in a process of its own."""
    code = f"from benchmarks.inputs import run; run({what!r}, {str(file)!r})"
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    seconds, memory = map(float, printed.split())
    return seconds, memory


def run(what: str, file: str) -> None:
    """Do one of the measures and print its seconds and its peak memory."""
    begin = time.perf_counter()
    if what == "read":
        assert read_input(file)[0] is not None
    elif what == "bare":
        pd.read_excel(file, sheet_name=None, engine="calamine")
    elif what == "count":
        counted = person_register.count_large_register(Path(file), [])
        assert counted is not None
        assert int(counted[1]["cards"].sum()) == PERSONS
    else:
        table = pd.read_csv(file, usecols=["Mã thẻ", "Mã đơn vị", "Ngày số liệu"], dtype=str)
        table.groupby(["Mã đơn vị", table["Mã thẻ"].str[:2], "Ngày số liệu"]).size()
    print(time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
