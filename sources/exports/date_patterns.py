"""The forms in which dates are printed, as patterns, and the months' names in the languages of the exports."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from babel import Locale

from sources.exports.words import plain

_MONTH_LOCALES = ("en", "fr", "es", "de", "it", "pt", "nl", "id", "tr", "pl", "uk", "sv", "ru")
_TIME = (
    r"(?:(?:T|\s?[,·]\s?|\s)(?:at |à |um |às )?(?P<H>\d{1,2})(?:[:hH](?P<M>\d{2})(?::?(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?)?"
    r"\s?(?P<ap>[AaPp]\.?\s?[Mm]\.?)?\s?\(?(?P<z>Z|z|(?:UTC|GMT)?[+\-−]\d{1,2}(?::?\d{2})?|[A-Z]{2,5})?\)?)?"
)
_DAY = r"(?:\pL{2,12}\.?,? )?"  # a weekday
_PATTERNS: tuple[tuple[str, str], ...] = (
    ("ymd", r"(?P<y>\d{4})[-/.年] ?(?P<m>\d{1,2})[-/.月] ?(?P<d>\d{1,2})[日.]?" + _TIME),
    ("ab", r"(?P<a>\d{1,2})(?P<s>[-/.]) ?(?P<b>\d{1,2})[-/.] ?(?P<y>\d{4}|\d{2})" + _TIME),
    ("ym", r"(?P<y>\d{4}) ?[-/.年] ?(?P<m>\d{1,2})月?"),
    (
        "twitter",
        r"\pL{3},? (?P<mon>\pL{3}) (?P<d>\d{1,2}) (?P<H>\d\d):(?P<M>\d\d):(?P<S>\d\d) (?P<z>[+-]\d{4}|[A-Z]{2,5}) (?P<y>\d{4})",
    ),
    (
        "dmony",
        _DAY
        + r"(?P<d>\d{1,2})(?:er|st|nd|rd|th|\.|º)?[ /-]{1,2}(?:de )?(?P<mon>\pL+)\.?[ /-](?:de )?(?P<y>\d{4}|\d{2})"
        + _TIME,
    ),
    ("mondy", _DAY + r"(?P<mon>\pL+)\.? (?P<d>\d{1,2})(?:st|nd|rd|th)?,? (?P<y>\d{4})" + _TIME),
    (
        "compact",
        r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})(?:[T ]?(?P<H>\d{2})(?P<M>\d{2})?(?P<S>\d{2})?(?P<z>Z)?)?",
    ),
    ("twin", r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})(?:19|20)\d{6}"),
    ("week", r"(?P<y>\d{4})[- ]?[WwSs](?P<w>\d{1,2})(?:-?(?P<wd>[1-7]))?"),
    ("quarter", r"(?P<y>\d{4})[- ]?[QqTt](?P<q>[1-4])"),
    ("quarter", r"[QqTt](?P<q>[1-4])[- /]?(?P<y>\d{4})"),
    ("monyear", r"(?P<mon>\pL+)\.?[ /-](?:de )?(?P<y>\d{4})"),
    ("monyear", r"(?P<y>\d{4})[ /-](?P<mon>\pL+)\.?"),
    ("monyy", r"(?P<mon>\pL+)\.?[ '/-](?P<y>\d{2})"),
    ("monyy", r"(?P<y>\d{2})[ /-](?P<mon>\pL+)\.?"),
    ("year", r"(?P<y>(?:1[89]|20|21)\d{2})"),
    ("number", r"(?P<n>-?\d{5,19})(?:[.,](?P<f>\d+))?"),
)


def match_dates(texts: pd.Series) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return for each text the pattern that fits ("" = none) and its parts as numbers (-1 = absent)."""
    n = len(texts)
    names = np.full(n, "", dtype=object)
    part = {k: np.full(n, -1, dtype="int64") for k in ("y", "m", "d", "a", "b", "H", "M", "S", "mon", "w", "wd", "q")}
    part["us"] = np.zeros(n, dtype="int64")
    part["dot"] = np.zeros(n, dtype=bool)
    part["short"] = np.zeros(n, dtype=bool)  # the year is printed with two digits: 01 is 2001, 0001 is not
    part["ap"] = np.full(n, "", dtype=object)
    part["z"] = np.full(n, "", dtype=object)
    left = np.arange(n)
    values = pa.array(texts, type=pa.large_string())
    for name, pattern in _PATTERNS:
        if not len(left):
            break
        found = pc.extract_regex(values.take(pa.array(left)), pattern=f"^{pattern}$")
        hit = pc.is_valid(found).to_numpy(zero_copy_only=False)
        if not hit.any():
            continue
        at, found = left[hit], found.filter(pa.array(hit))
        groups = {f.name: pc.struct_field(found, f.name) for f in found.type}
        if "mon" in groups:
            numbers = _months(groups["mon"])
            good = numbers > 0
            if not good.all():
                keep = pa.array(good)
                groups = {k: v.filter(keep) for k, v in groups.items()}
                at, numbers = at[good], numbers[good]
            part["mon"][at] = numbers
        for key, group in groups.items():
            if key in part and part[key].dtype == np.int64 and key != "mon":
                part[key][at] = _ints(group)
                if key == "y":
                    part["short"][at] = np.asarray(
                        pc.less(pc.utf8_length(group), 4).to_numpy(zero_copy_only=False), dtype=bool
                    )
            elif key in ("ap", "z"):
                part[key][at] = group.to_numpy(zero_copy_only=False)
            elif key == "s":
                part["dot"][at] = np.asarray(pc.equal(group, ".").to_numpy(zero_copy_only=False), dtype=bool)
            elif key == "f" and name != "number":
                part["us"][at] = _ints(pc.utf8_slice_codeunits(pc.utf8_rpad(group, 6, "0"), 0, 6), empty=0)
        names[at] = name
        left = np.setdiff1d(left, at, assume_unique=True)
    return names, part


@lru_cache(maxsize=10_000)
def can_be_date(text: str) -> bool:
    """Return whether a tidied cell has the form of a date; bare numbers other than years and yyyymmdd are none."""
    for name, pattern in _compiled():
        if found := pattern.fullmatch(text):
            groups = found.groupdict()
            if name != "number" and (groups.get("mon") is None or plain(groups["mon"]) in month_numbers()):
                return True
    return False


@lru_cache(maxsize=1)
def _compiled() -> list[tuple[str, re.Pattern[str]]]:
    """Return the patterns for single cells; Arrow's regular expressions need milliseconds to compile each time."""
    return [
        (name, re.compile(p.replace(r"\pL", r"[^\W\d_]").replace(r"(?P<d>\d", r"(?P<d>[0-9]"))) for name, p in _PATTERNS
    ]


def _ints(group: pa.Array, empty: int = -1) -> np.ndarray:
    filled = pc.if_else(pc.equal(group, ""), str(empty), group)
    return pc.cast(filled, pa.int64()).to_numpy(zero_copy_only=False)


def _months(group: pa.Array) -> np.ndarray:
    known = month_numbers()
    return np.array([known.get(plain(w), 0) for w in group.to_pylist()], dtype="int64")


@lru_cache(maxsize=1)
def month_numbers() -> dict[str, int]:
    """Return month names and their abbreviations in the languages of the exports -> 1..12; ambiguous ones left out."""
    found: dict[str, set[int]] = {"sept": {9}}
    for code in _MONTH_LOCALES:
        months = Locale.parse(code).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, word in months[context][width].items():
                    found.setdefault(plain(word), set()).add(number)
                    if width == "wide" and len(plain(word)) > 3:
                        found.setdefault(plain(word)[:3], set()).add(number)
    return {word: numbers.copy().pop() for word, numbers in found.items() if len(numbers) == 1 and not word.isdigit()}
