"""Bing Webmaster Tools: keywords and days of a site, with averages called "Avg. Position" and "Avg. CTR"."""

from __future__ import annotations

from sources.exports import site_search
from sources.exports.mapping import Mapping
from sources.exports.rawtable import RawTable
from sources.exports.reading import Reading
from sources.exports.run import Run
from sources.exports.site_search import Engine, Shape
from sources.exports.words import plain

SOURCE = "bing_webmaster_export"
ENGINE = Engine(SOURCE, "Bing Webmaster Tools")


def recognise(raw: RawTable) -> Shape | None:
    """Return the shape of a table of Bing Webmaster Tools, None if `raw` is none."""
    shape = site_search.recognise(raw)
    if shape is None or not any(plain(h).startswith("avg ") for h in raw.top[shape.header]):
        return None
    return shape


def read(raw: RawTable, shape: Shape, mapping: Mapping, _run: Run) -> Reading:
    """Read keywords as `queries` and days as `interest`.

    Raises
    ------
    BadFile : a table of pages, which fills none of ours.
    """
    if shape.what == "dates":
        return site_search.read_dates(raw, shape, mapping, ENGINE)
    if shape.what in ("queries", "countries"):  # Bing has no list of countries: these are queries that name some
        return site_search.read_queries(raw, shape, mapping, ENGINE)
    raise site_search.refusal(shape, raw.name, ENGINE)
