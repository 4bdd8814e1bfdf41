"""Numbers as people and tools print them: 1 234, 1.234,5, 12.3K, 97 %, <1, n/a. Null is not zero."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sources.exports.rawtable import TEXT
from sources.exports.words import BLANKS

#: Printed for "nothing is known".
MISSING = frozenset(
    [
        "",
        "-",
        "--",
        "—",
        "–",
        "−",
        ".",
        "n/a",
        "na",
        "n.a.",
        "nan",
        "null",
        "none",
        "#n/a",
        "undef",
        "undefined",
        "unknown",
        "nd",
        "n/d",
        "?",
    ]
)
#: Printed by services for "not enough data".
NO_DATA = frozenset(
    [
        "no data",
        "nodata",
        "not enough data",
        "insufficient data",
        "pas de données",
        "données insuffisantes",
        "keine daten",
        "nicht genügend daten",
        "sin datos",
        "datos insuficientes",
        "nessun dato",
        "dati insufficienti",
        "sem dados",
        "dados insuficientes",
        "データなし",
        "데이터 없음",
        "无数据",
    ]
)
_FACTORS = {"k": 1e3, "mio": 1e6, "m": 1e6, "mn": 1e6, "md": 1e9, "mrd": 1e9, "b": 1e9, "bn": 1e9}
# Blanks that belong into a number: between groups of three digits, before a unit, after a sign.
_INNER = re.compile(f"(?<=\\d)[{BLANKS}'’](?=\\d{{3}}(?!\\d))|[{BLANKS}]+(?=[A-Za-z%‰٪])|(?<=[<＜+\\-−])[{BLANKS}]+")
_BODY = (
    r"^(?P<sign>[+\-−]?)(?P<digits>\d[\d.,]*|[.,]\d+)(?P<exp>[eE][+-]?\d+)?(?P<factor>[A-Za-z]{0,3})\.?(?P<pct>[%‰٪]?)$"
)
_NUMERAL = (
    r"\d+[.,]?|\d*[.,]\d+|\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d{1,3}(?:\.\d{3})+(?:,\d*)?"
    r"|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d*)?"  # 12,34,567: Indian groups
)
_THOUSANDS = r"\d{1,3}(?:\.\d{3})+|\d{1,3}(?:,\d{3})+"


@dataclass(frozen=True)
class Numbers:
    """A column of cells as numbers.

    Parameters
    ----------
    value : float, NaN where there is no number; percents are divided by 100; "<1" gives NaN.
    kind : number | percent | below_one | below_one_percent | missing | no_data | text.
    whole : every number was printed without decimals.
    note : what was assumed about separators; "" when the column left no doubt.
    """

    value: np.ndarray
    kind: np.ndarray
    whole: bool
    note: str = ""


def numbers(cells: pd.Series, *, decimal: str | None = None, integer: bool = False) -> Numbers:
    """Return text cells as numbers; separators are judged for the whole column, never a cell at a time.

    Parameters
    ----------
    decimal : decimal sign where known ("." or ",").
    integer : the column counts things, so that "1.234" is more than a thousand.
    """
    codes, distinct = pd.factorize(cells.astype(TEXT), use_na_sentinel=False)
    value, kind, whole, note = _distinct(pd.Series(distinct, dtype=TEXT).fillna(""), decimal, integer)
    return Numbers(value[codes], kind[codes], whole, note)


def _distinct(texts: pd.Series, decimal: str | None, integer: bool) -> tuple[np.ndarray, np.ndarray, bool, str]:
    bare = texts.str.strip(BLANKS).str.replace(_INNER, "", regex=True)
    lower = texts.str.strip(BLANKS).str.casefold()
    n = len(texts)
    value, kind = np.full(n, np.nan), np.full(n, "text", dtype=object)
    if n == 1 and not lower.iloc[0]:  # wide tables have many columns without a word
        return value, np.full(n, "missing", dtype=object), True, ""
    kind[lower.isin(MISSING).to_numpy(dtype=bool)] = "missing"
    kind[lower.isin(NO_DATA).to_numpy(dtype=bool)] = "no_data"
    below = bare.str.fullmatch(r"[<＜]1(?:[.,]0)?").to_numpy(dtype=bool)
    kind[below] = "below_one"
    kind[bare.str.fullmatch(r"[<＜]1(?:[.,]0)?%").to_numpy(dtype=bool)] = "below_one_percent"
    parts = pc.struct_field
    found = pc.extract_regex(_arrow(bare), pattern=_BODY)
    is_number = pc.is_valid(found).to_numpy(zero_copy_only=False) & (kind == "text")
    if not is_number.any():
        return value, kind, True, ""
    piece = {
        k: pd.Series(parts(found, k), dtype=TEXT).fillna("")[is_number]
        for k in ("sign", "digits", "exp", "factor", "pct")
    }
    factor = piece["factor"].str.lower().map({"": 1.0, **_FACTORS}).to_numpy(dtype=float)
    digits, note = _plain_digits(piece["digits"], decimal, integer)
    amount = pd.to_numeric(digits + piece["exp"], errors="coerce").to_numpy(dtype=float) * factor
    amount = np.where(piece["sign"].isin(["-", "−"]), -amount, amount)
    percent = (piece["pct"] != "").to_numpy(dtype=bool)
    amount = np.where(percent, amount / np.where(piece["pct"] == "‰", 1000.0, 100.0), amount)
    good = np.isfinite(amount) & piece["digits"].str.fullmatch(_NUMERAL).to_numpy(dtype=bool)
    at = np.flatnonzero(is_number)[good]
    value[at] = amount[good]
    kind[at] = np.where(percent[good], "percent", "number")
    plain_whole = ~digits.str.contains(".", regex=False).to_numpy(dtype=bool) | (np.modf(np.nan_to_num(amount))[0] == 0)
    return value, kind, bool(plain_whole[good & ~percent].all()), note


def _plain_digits(digits: pd.Series, decimal: str | None, integer: bool) -> tuple[pd.Series, str]:
    """Return digits with a point as decimal sign and no thousands separators, and what had to be assumed."""
    dots, commas = digits.str.count(r"\."), digits.str.count(",")
    if not ((dots + commas) > 0).any():
        return digits, ""
    both = (dots > 0) & (commas > 0)
    last_is_dot = digits.str.rfind(".") > digits.str.rfind(",")
    groups = digits.str.fullmatch(_THOUSANDS) & ~digits.str.startswith("0") & ~both
    single = ((dots + commas) == 1) & ~both
    # What a cell says by itself: 12,5 and 0,125 hold decimals; in 1.234,5 the last sign does; 1.234.567 holds none.
    point = (single & ~groups & (dots == 1)) | (both & last_is_dot)
    comma = (single & ~groups & (commas == 1)) | (both & ~last_is_dot)
    open_ = single & groups  # 1.234 and 1,234 say nothing
    note = ""
    if open_.any():
        sign = decimal
        if sign is None:
            repeated = groups & ~single
            votes = (
                int(point.sum())
                + int((repeated & (commas > 1)).sum())
                - int(comma.sum())
                - int((repeated & (dots > 1)).sum())
            )
            sample = digits[open_].iloc[0]
            if votes:
                sign = "." if votes > 0 else ","
            elif integer or "," in sample:
                sign = "," if "." in sample else "."
                note = f"{sample} is read as {re.sub('[.,]', '', sample)} (a separator of thousands)"
            else:
                sign = "."
                note = f"{sample} is read with a decimal point; set decimal to ',' if it separates thousands"
        point |= open_ & (dots == 1) & (sign == ".")
        comma |= open_ & (commas == 1) & (sign == ",")
    plain = digits.str.replace(r"[.,]", "", regex=True)
    plain = plain.where(~point, digits.str.replace(",", "", regex=False))
    return plain.where(~comma, digits.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)), note


def _arrow(texts: pd.Series) -> pa.Array:
    return pa.array(texts, type=pa.large_string())
