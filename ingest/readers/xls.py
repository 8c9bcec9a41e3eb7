"""Excel workbooks of 1997 to 2003 (.xls)."""

import struct
from pathlib import PurePosixPath
from typing import Any

from ..documents import Content
from ..errors import SourceError
from .building import ContentBuilder
from .number_formats import shown_number
from .sheets import add_sheet

# xlrd checks little: a damaged file fails wherever a number in it leads astray.
_WHAT_DAMAGE_RAISES = (
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    OSError,
    OverflowError,
    TypeError,
    ValueError,
    struct.error,
)


def read_xls(data: bytes, name: str) -> Content:
    """The visible sheets of a workbook, as `read_xlsx` reads them."""
    import xlrd  # type: ignore[import-untyped]  # has no stubs
    import xlrd.compdoc  # type: ignore[import-untyped]  # has no stubs

    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=False, on_demand=True, logfile=_Silent())
        builder = ContentBuilder()
        for number in range(book.nsheets):
            sheet = book.sheet_by_index(number)
            if not sheet.visibility:
                builder.page(number + 1)
                rows = [[_shown(cell, book.datemode) for cell in sheet.row(i)] for i in range(sheet.nrows)]
                add_sheet(builder, sheet.name, rows)
    except xlrd.XLRDError as exc:
        reason = "is encrypted: a password is needed to read it" if "encrypt" in str(exc).lower() else "is damaged"
        raise SourceError(f"{name} {reason}.") from exc
    except (*_WHAT_DAMAGE_RAISES, xlrd.compdoc.CompDocError) as exc:
        raise SourceError(f"{name} cannot be read: the file is damaged or cut off.") from exc
    return builder.finish(PurePosixPath(name).stem)


class _Silent:
    """Takes what xlrd would print."""

    def write(self, text: str) -> None:
        """Drops `text`."""

    def flush(self) -> None:
        """Nothing to do."""


def _shown(cell: Any, date_mode: int) -> str:
    import xlrd

    if cell.ctype == xlrd.XL_CELL_DATE:
        return shown_number(str(cell.value), "yyyy-mm-dd", bool(date_mode))
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == xlrd.XL_CELL_NUMBER:
        return shown_number(repr(cell.value), "")
    return str(cell.value) if cell.ctype == xlrd.XL_CELL_TEXT else ""
