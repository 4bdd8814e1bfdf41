"""Formatted spreadsheets (XLSX): filters, frozen header, number formats, native charts, and a sheet About."""

from __future__ import annotations

import io

import pandas as pd
import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from explorer.outputs.provenance import Provenance
from explorer.words import Words

SEARCH, POSTS = "#0072B2", "#D55E00"
#: Posts and search terms are other people's text: never a formula, never a link.
SAFE = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False, "in_memory": True}
_SHARES = ("share_of_search", "share_of_voice", "p_silent", "p_widening", "p_served", "p_said")


def gaps_workbook(frame: pd.DataFrame, provenance: Provenance, words: Words) -> bytes:
    """Return a workbook with the gaps, a chart of share of search against share of voice, and About."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, SAFE) as book:
        sheet = _table(book, words("Gaps"), frame)
        columns = list(frame.columns)
        chart = book.add_chart({"type": "bar"})
        for column, colour, name in (
            ("share_of_search", SEARCH, words("Share of search")),
            ("share_of_voice", POSTS, words("Share of voice")),
        ):
            at = columns.index(column)
            chart.add_series(
                {
                    "name": name,
                    "categories": [sheet.name, 1, columns.index("label"), len(frame), columns.index("label")],
                    "values": [sheet.name, 1, at, len(frame), at],
                    "fill": {"color": colour},
                }
            )
        chart.set_title({"name": words("Share of search beside share of voice")})
        chart.set_y_axis({"reverse": True})
        chart.set_x_axis({"num_format": "0%"})
        chart.set_size({"width": 720, "height": 60 + 34 * len(frame)})
        sheet.insert_chart(len(frame) + 2, 1, chart)
        _about(book, provenance, words)
    return out.getvalue()


def forecast_workbook(
    frame: pd.DataFrame, provenance: Provenance, words: Words, plan: pd.DataFrame | None = None
) -> bytes:
    """Return a workbook with the tidy forecast, one chart of the projected gaps, the campaigns if there are any, and About."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, SAFE) as book:
        _table(book, words("Forecast"), frame)
        gaps = frame[frame["series"] == "gap"]
        wide = gaps.pivot(index="date", columns="label", values="median").reset_index()
        sheet = _table(book, words("Gap forward"), wide)
        chart = book.add_chart({"type": "line"})
        for at in range(1, len(wide.columns)):
            chart.add_series(
                {
                    "name": [sheet.name, 0, at],
                    "categories": [sheet.name, 1, 0, len(wide), 0],
                    "values": [sheet.name, 1, at, len(wide), at],
                }
            )
        chart.set_title({"name": words("Projected gap, in doublings")})
        chart.set_x_axis({"date_axis": True, "num_format": "mmm yy"})
        chart.set_size({"width": 900, "height": 480})
        sheet.insert_chart(len(wide) + 2, 0, chart)
        if plan is not None and len(plan):
            _table(book, words("Campaigns"), plan)
        _about(book, provenance, words)
    return out.getvalue()


def table_workbook(frame: pd.DataFrame, name: str, provenance: Provenance, words: Words) -> bytes:
    """Return a workbook with one table on a sheet `name`, and About."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, SAFE) as book:
        _table(book, name, frame)
        _about(book, provenance, words)
    return out.getvalue()


def _table(book: Workbook, name: str, frame: pd.DataFrame) -> Worksheet:
    sheet = book.add_worksheet(name[:31])
    header = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    formats = {
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        "share": book.add_format({"num_format": "0.0%"}),
        "number": book.add_format({"num_format": "0.00"}),
    }
    for at, column in enumerate(frame.columns):
        series = frame[column]
        sheet.write_string(0, at, str(column), header)
        kind = _kind(str(column), series)
        for row, value in enumerate(series, 1):
            if pd.isna(value):
                continue
            if kind in ("date", "time"):
                # Spreadsheets know no time zones: the stamps are UTC, and the About sheet says so.
                sheet.write_datetime(row, at, pd.Timestamp(value).tz_localize(None).to_pydatetime(), formats[kind])
            elif kind == "flag":
                sheet.write_boolean(row, at, bool(value))
            elif kind in ("share", "number"):
                sheet.write_number(row, at, float(value), formats[kind])
            elif kind == "count":
                sheet.write_number(row, at, float(value))
            else:
                sheet.write_string(row, at, str(value))
        longest = (
            max([len(str(column)), *(len(str(v)[:40]) for v in series.head(200))])
            if kind == "text"
            else 16
            if kind == "time"
            else 12
        )
        sheet.set_column(at, at, min(max(longest + 2, 9), 42))
    sheet.freeze_panes(1, 1)
    if len(frame):
        sheet.autofilter(0, 0, len(frame), len(frame.columns) - 1)
    return sheet


def _kind(column: str, series: pd.Series) -> str:
    if pd.api.types.is_datetime64_any_dtype(series):
        known = series.dropna()
        return "date" if (known == known.dt.normalize()).all() else "time"
    if pd.api.types.is_bool_dtype(series):
        return "flag"
    if pd.api.types.is_integer_dtype(series):
        return "count"
    if pd.api.types.is_numeric_dtype(series):
        if column in _SHARES:
            return "share"
        whole = series.dropna()
        return "count" if len(whole) and (whole == whole.round()).all() else "number"
    return "text"


def _about(book: Workbook, provenance: Provenance, words: Words) -> None:
    sheet = book.add_worksheet(words("About"))
    bold, wrap = book.add_format({"bold": True, "valign": "top"}), book.add_format({"text_wrap": True})
    lines = [*provenance.pairs(words), (words("Times"), "UTC")]
    for row, (name, value) in enumerate(lines):
        sheet.write_string(row, 0, name, bold)
        sheet.write_string(row, 1, value, wrap)
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 90)
