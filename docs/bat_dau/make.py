"""Write the workbook of the tutorial, ten communes with made-up cards: ``python docs/bat_dau/make.py``.

The people are those registered on 1 July 2025 (bundled, published); the cards are synthetic, and every row says so.
"""

from datetime import datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side

WORKBOOK = Path(__file__).with_name("muoi_xa.xlsx")
TITLES = (
    "SỐ NGƯỜI THAM GIA BẢO HIỂM Y TẾ THEO XÃ",
    "Đến hết ngày 30 tháng 9 năm 2026",
    "(Số thẻ là số liệu giả lập, dùng để tập làm)",
)
GROUPS = ("Hộ nghèo", "Trẻ em dưới 6 tuổi", "DTTS", "Hộ cận nghèo", "HSSV", "Hưu trí", "NLĐ và NSDLĐ đóng", "HGĐ")
# Commune, people, and the cards of each group in the order of the headings.
COMMUNES = (
    ("Phường Sa Pa", 22882, (412, 2160, 0, 515, 4110, 1120, 3890, 8140)),
    ("Xã Bát Xát", 27229, (1630, 2880, 4120, 1450, 5240, 880, 2460, 5110)),
    ("Xã Cốc San", 11085, (520, 1130, 1480, 610, 2190, 240, 1120, 2260)),
    ("Xã Bản Xèo", 8560, (1240, 1010, 3120, 690, 1530, 60, 210, 140)),
    ("Xã Mường Hum", 6814, (1105, 820, 2640, 480, 1180, 45, 160, 105)),
    ("Xã Trịnh Tường", 12376, (2010, 1480, 4310, 930, 2260, 70, 290, 260)),
    ("Xã Dền Sáng", 12160, (2240, 1510, 4480, 860, 2190, 30, 180, 120)),
    ("Xã Y Tý", 10304, (2180, 1330, 4020, 620, 1790, 20, 140, None)),
    ("Xã A Mú Sung", 5955, (1290, 760, 2310, 350, 1010, 15, 95, 40)),
    ("Xã Ngũ Chỉ Sơn", 7503, (1420, 930, 2890, 510, 1330, 20, 110, 75)),
)


def make_workbook() -> Workbook:
    """Return the sheet of an office: titles, headings, a row for each commune, the total."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Tháng 9"
    book.properties.created = book.properties.modified = datetime(2026, 10, 5)
    headings = ["STT", "Đơn vị", "Dân số", *GROUPS, "Tổng cộng", "Tình trạng"]
    for title in TITLES:
        sheet.append([title])
        sheet.merge_cells(start_row=sheet.max_row, end_row=sheet.max_row, start_column=1, end_column=len(headings))
        sheet.cell(sheet.max_row, 1).alignment = Alignment(horizontal="center")
        sheet.cell(sheet.max_row, 1).font = Font(name="Times New Roman", bold=sheet.max_row == 1, size=13)
    sheet.append([])
    sheet.append(headings)
    first = sheet.max_row + 1
    for number, (name, people, cards) in enumerate(COMMUNES, 1):
        counts = [c for c in cards if c is not None]
        sheet.append([number, name, people, *("-" if c is None else c for c in cards), sum(counts), "Giả lập"])
    rows = list(sheet.iter_rows(first, sheet.max_row, 3, 4 + len(GROUPS), values_only=True))
    sums = [sum(v for v in column if isinstance(v, int)) for column in zip(*rows, strict=True)]
    sheet.append([None, "Tổng cộng", *sums, "Giả lập"])
    line = Side(style="thin")
    for row in sheet.iter_rows(first - 1, sheet.max_row):
        for cell in row:
            cell.font = Font(name="Times New Roman", bold=row[0].row in (first - 1, sheet.max_row))
            cell.border = Border(line, line, line, line)
            side = None if cell.column == 2 else "center"
            cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal=side)
            cell.number_format = "[$-42A]#,##0" if cell.column > 2 else "General"
    sheet.row_dimensions[first - 1].height = 48
    for column, width in {"A": 6, "B": 20, "M": 11}.items():
        sheet.column_dimensions[column].width = width
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage = 0, True
    return book


if __name__ == "__main__":
    make_workbook().save(WORKBOOK)
