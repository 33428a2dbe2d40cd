"""Read old workbooks (.xls, of Excel 2 to 2003) with their number formats, errors and hidden rows and columns."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bhyt_analysis.ingest.sheet_details import SheetDetails, format_meaning

if TYPE_CHECKING:
    from xlrd.book import Book
    from xlrd.sheet import Sheet as OldSheet


@dataclass(frozen=True)
class OldWorkbook:
    """A workbook as xlrd reads it."""

    book: Book

    @classmethod
    def from_bytes(cls, content: bytes) -> OldWorkbook:
        """Open a workbook; xlrd raises many kinds of errors for a damaged one."""
        import xlrd

        options = {"formatting_info": True, "ragged_rows": True, "ignore_workbook_corruption": True}
        return cls(xlrd.open_workbook(file_contents=content, logfile=io.StringIO(), **options))

    @property
    def from_1904(self) -> bool:
        """Return whether the workbook counts its days from 1904."""
        return bool(self.book.datemode)

    def sheets(self) -> Iterator[tuple[str, bool, list[list[Any]], SheetDetails]]:
        """Yield each sheet: its name, whether it is visible, its cells by rows, and its details."""
        for sheet in self.book.sheets():
            yield sheet.name, not sheet.visibility, self._rows(sheet), self._details(sheet)

    def _rows(self, sheet: OldSheet) -> list[list[Any]]:
        """Return the cells of a sheet: text, numbers, days, truth values, "" for blank ones."""
        width = max(map(sheet.row_len, range(sheet.nrows)), default=0)
        return [
            [self._value(kind, value) for kind, value in zip(sheet.row_types(r), sheet.row_values(r), strict=True)]
            + [""] * (width - sheet.row_len(r))
            for r in range(sheet.nrows)
        ]

    def _value(self, kind: int, value: Any) -> Any:
        import xlrd

        if kind == xlrd.XL_CELL_DATE:
            return xlrd.xldate_as_datetime(value, self.book.datemode)
        if kind == xlrd.XL_CELL_BOOLEAN:
            return bool(value)
        return xlrd.error_text_from_code.get(value, "#N/A") if kind == xlrd.XL_CELL_ERROR else value

    def _details(self, sheet: OldSheet) -> SheetDetails:
        """Return the number formats, hidden rows and columns and merged ranges of a sheet."""
        formats = {key: format_meaning(code.format_str or "") for key, code in self.book.format_map.items()}
        styles = [formats.get(style.format_key, "") for style in self.book.xf_list]
        meanings = {}
        if any(styles):
            for row in range(sheet.nrows):
                for column in range(sheet.row_len(row)):
                    if meaning := styles[sheet.cell_xf_index(row, column)]:
                        meanings[row + 1, column + 1] = meaning
        return SheetDetails(
            meanings=meanings,
            hidden_rows=frozenset(r + 1 for r, row in sheet.rowinfo_map.items() if row.hidden),
            hidden_columns=frozenset(c + 1 for c, column in sheet.colinfo_map.items() if column.hidden),
            merged=tuple((top + 1, left + 1, bottom, right) for top, bottom, left, right in sheet.merged_cells),
        )
