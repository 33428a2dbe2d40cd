"""Draw the pictures of the workbook that calculates in docs/images: ``python -m tests.documents.workbook_pictures``.

LibreOffice sets the yellow cells and prints the sheets; a page of each is cut to what is on it.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import pypdfium2
from PIL import ImageChops

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.messages import translate

from ..conftest import ROOT
from .test_model_workbook import recalculate, write_workbook
from .workbook_states import day_number

DOTS = 110  # in an inch
MARGIN = 12  # dots around what is on a page
FOOTER = 0.93  # of the height, below which the footer is
NEW_YEAR = day_number("2027-01-01")
NAMES = {
    "vi": ("Huyện Sơn Dương, tỉnh Tuyên Quang", "Huyện Mẫu 01 (giả lập), tỉnh Mẫu"),
    "en": ("Sơn Dương district, Tuyên Quang province", "Mẫu 01 district (synthetic), Mẫu province"),
}


def sheet(key, lang):
    """Return the name of a sheet."""
    return translate(f"calculation.sheet_{key}", lang)


def pictures(lang):
    """Return the area, the name, the cells that are set and the pages by name of picture, for both workbooks."""
    inputs, zones = sheet("inputs", lang), sheet("zones", lang)
    move = " → ".join(translate(f"zone.{zone}", lang) for zone in ("II", "I"))
    son_duong = {f"{inputs}!C12": 1.0, f"{inputs}!D12": NEW_YEAR, f"{inputs}!C26": 2_800_000, f"{inputs}!D26": NEW_YEAR}
    return [
        ("Sơn Dương", NAMES[lang][0], son_duong, {"inputs": 0, "results": 3}),
        ("X001", NAMES[lang][1], {f"{zones}!E6": move}, {"zones": 3}),
    ]


def draw(pdf, page, path):
    """Write a page as a picture, without its footer and the free space around."""
    image = pypdfium2.PdfDocument(pdf)[page].render(scale=DOTS / 72).to_pil().convert("RGB")
    image = image.crop((0, 0, image.width, int(image.height * FOOTER)))
    left, top, right, bottom = ImageChops.invert(image).getbbox()
    box = (left - MARGIN, top - MARGIN, right + MARGIN, bottom + MARGIN)
    image.crop(box).quantize(128).save(path, optimize=True)


def main():
    """Write the pictures of both languages."""
    data = bhyt.load()
    for lang in ("vi", "en"):
        for area, name, cells, pages in pictures(lang):
            with TemporaryDirectory() as folder:
                model = bhyt.page_model(bhyt.area(data, area))
                path = write_workbook(Path(folder) / "book", model, name, lang=lang)
                pdf = Path(folder) / "book.pdf"
                task = {"workbook": str(path), "settings": [cells], "ranges": [], "pdf": str(pdf)}
                recalculate(Path(folder), [task])
                for key, page in pages.items():
                    draw(pdf, page, ROOT / "docs" / "images" / f"workbook_{key}_{lang}.png")


if __name__ == "__main__":
    main()
