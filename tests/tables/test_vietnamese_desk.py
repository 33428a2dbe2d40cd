"""A CSV file in Vietnamese is right in a Vietnamese Excel or LibreOffice, and the program reads it back."""

import datetime as dt
import shutil
import subprocess

import openpyxl
import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.tables import formatting

from ..csv_files import read_csv_rows

VIETNAMESE = "1066"  # the language by LibreOffice's number
TABLE = pd.DataFrame(
    {
        "area": ["07582", "02536", "X1"],
        "name": ["Xã Lục Ngạn", "Xã Sơn Dương", "=1+1"],
        "period": ["6/2022", "2022", "Quý 2/2022"],
        "insured": [182330, 900, 3],
        "rate": [0.85123456, 1.0, float("nan")],
        "target_rate": [0.906, 0.99, 0.8721],
        "cost_bn": [24.2037684, 24.0, 1234.56],
        "change": [-22178, 0, 5],
        "as_of": pd.to_datetime(["2021-12-31", "2022-06-05", None]),
    }
)


def test_figures_are_as_printed_with_a_decimal_comma(tmp_path):
    formatting.save_csv(TABLE, tmp_path / "t.csv", "vi", marks=TABLE.astype(str).map(lambda _: ""))
    heads, *rows = read_csv_rows(tmp_path / "t.csv")
    assert heads[4] == "Tỷ lệ (% dân số)"  # its cells are per cent without the sign
    assert rows[0] == ["07582", "Xã Lục Ngạn", "6/2022", "182330", "85,1", "90,6", "24,2", "-22178", "2021-12-31"]
    assert rows[1][4:7] == ["100,0", "99,0", "24,0"]
    assert rows[2] == ["X1", "'=1+1", "Quý 2/2022", "3", "", "87,2", "1234,6", "5", ""]
    english = formatting.csv_bytes(TABLE, "en").decode("utf-8-sig").splitlines()
    assert "85.1235" in english[1]
    assert ";" not in english[1]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_in_vietnamese_opens_it_right(tmp_path):
    formatting.save_csv(TABLE, tmp_path / "t.csv", "vi", marks=TABLE.astype(str).map(lambda _: ""))
    call = ["soffice", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", "xlsx"]
    # separator ;, quote ", UTF-8, from line 1; the language; numbers and days are recognised as on opening by hand
    call += [
        f"--infilter=CSV:59,34,UTF8,1,,{VIETNAMESE},false,true",
        "--outdir",
        str(tmp_path),
        str(tmp_path / "t.csv"),
    ]
    subprocess.run(call, check=True, capture_output=True, timeout=120)
    _, *rows = openpyxl.load_workbook(tmp_path / "t.xlsx").active.iter_rows(values_only=True)
    first = [v.strip() if isinstance(v, str) else v for v in rows[0]]
    assert first == [
        "07582",
        "Xã Lục Ngạn",
        "6/2022",
        182330,
        85.1,
        90.6,
        24.2,
        -22178,
        dt.datetime(2021, 12, 31),
    ]
    assert rows[1][0].strip() == "02536"
    assert rows[2][6] == 1234.6


def test_the_program_reads_its_own_file_back(tmp_path):
    """Codes with a leading zero and their tab, semicolons, decimal commas; the units are those of today."""
    day = pd.Timestamp("2025-12-31")
    cards = pd.DataFrame({"area": ["02536", "02554"], "as_of": day, "group": "household", "insured": [24204, 1200]})
    cards["rate"] = [0.8068, 0.6]
    people = pd.DataFrame({"area": ["02536", "02554"], "as_of": day, "population": [30000, 2000]})
    for name, table in (("cards", cards), ("population", people)):
        formatting.save_csv(table, tmp_path / f"{name}.csv", "vi")
    data = bhyt.load(tmp_path)
    assert data.cards["cards"].tolist() == [24204, 1200]
    assert data.population["people"].tolist() == [30000, 2000]
    assert set(data.cards["area"]) == {"02536", "02554"}
