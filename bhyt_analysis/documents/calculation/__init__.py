"""The workbook that calculates a projection: every result is a formula down to the cells that can be set."""
