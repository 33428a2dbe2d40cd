"""Limits of what is read, each so wide that a province's files (500,000 rows of 40 columns) are far within it."""

from __future__ import annotations

from bhyt_analysis.domain.findings import Finding, Listing

MB = 1_000_000
# A CSV file of 500,000 rows and 40 columns has about 100 MB, a workbook of them less. Registers are counted, not read.
MAX_FILE = 500 * MB
MAX_UNPACKED = 2_000 * MB  # of a zipped workbook: a sheet of 500,000 rows and 40 columns has about 900 MB of XML
# Sheets unpack to 5 to 40 times their size, and at most to 1,032 times. Small parts may be anything.
MAX_RATIO, SMALL_PART = 100, 50 * MB
MAX_PARTS = 20_000  # of a zipped workbook, which has a few for each sheet
MAX_TEXT = 2_000 * MB  # of all cells together, where a text that is stored once is in many
MAX_CELLS = 30_000_000  # of one sheet, blank ones included: a single distant cell is a mistake
MAX_BLANK = 5_000_000  # cells of a sheet that nearly all are blank ...
BLANK_SHARE = 50  # ... because it has as many cells for each that is written
MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384  # of a sheet in Excel; a CSV file has no more columns, either
MAX_TEXT_CELL = 100_000  # letters of a cell; Excel has at most 32,767
# A reader of workbooks apart (`native_reader`), which gets only files that were not found harmless.
READER_MEMORY, READER_SECONDS = 3_000 * MB, 120
MAX_SETTINGS = 1 * MB  # of a scenario or an answers file
MAX_NESTING = 20  # tables and lists in each other in such a file; scenarios have four
MAX_BOUNDARIES = 200 * MB  # of a file of boundaries: the country's communes in detail have about 100 MB


class TooLargeError(Exception):
    """A file that is beyond a limit; ``limit`` is the name of a message ``limit.*``, with what was found."""

    def __init__(self, limit: str, **figures: float | str) -> None:
        self.figures = figures
        self.part = Listing(f"limit.{limit}", ({**figures},))
        super().__init__(limit)

    def finding(self, label: str, row: int | None = None) -> Finding:
        """Return the finding about the file or sheet of a label, or about one of its rows."""
        return Finding("too_large" if row is None else "too_long", label, row, details={"limit": self.part})
