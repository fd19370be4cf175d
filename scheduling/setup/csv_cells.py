"""Cells of CSV files that spreadsheets will open."""

#: A cell that begins with one of these is a formula to a spreadsheet, which would carry it out.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe(cell: object) -> object:
    """The cell; text that a spreadsheet would carry out gets an apostrophe before it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
