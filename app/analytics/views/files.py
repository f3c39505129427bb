"""A report as CSV or XLSX; no cell can run as a formula (INP-03)."""

import csv
import io

from flask import Response
from openpyxl import Workbook
from openpyxl.styles import Font

from app.analytics.forms import Cell, Table
from app.patients.rules import neutral_cell

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEET_NAME = 31


def as_csv(tables: list[Table], name: str) -> Response:
    """All tables below each other, with their headings; shares as numbers from 0 to 1."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for table in tables:
        writer.writerow([neutral_cell(table.title)])
        writer.writerow([neutral_cell(cell) for cell in table.header])
        writer.writerows([[_text(cell) for cell in row] for row in table.rows])
        writer.writerow([])
    return _attached("\ufeff" + text.getvalue(), "text/csv", f"{name}.csv")


def as_xlsx(tables: list[Table], name: str) -> Response:
    """One sheet per table; numbers stay numbers."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for table in tables:
        sheet = book.create_sheet(table.title[:SHEET_NAME])
        sheet.append([neutral_cell(cell) for cell in table.header])
        for row in table.rows:
            sheet.append([neutral_cell(cell) if isinstance(cell, str) else cell for cell in row])
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        sheet.freeze_panes = "B2"
        sheet.column_dimensions["A"].width = 28
    content = io.BytesIO()
    book.save(content)
    return _attached(content.getvalue(), XLSX, f"{name}.xlsx")


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return f"{cell:.3f}" if isinstance(cell, float) else neutral_cell(cell)


def _attached(content: str | bytes, kind: str, name: str) -> Response:
    answer = Response(content, mimetype=kind)
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    return answer
