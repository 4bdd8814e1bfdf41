"""Words in the reader's language: translation by gettext catalogues, numbers and dates by CLDR (Babel)."""

from __future__ import annotations

import gettext
import io
import math
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
from babel import dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("fr", "en")
LOCALES = {"fr": "fr_FR", "en": "en_GB"}
_CATALOGUES = Path(__file__).with_name("locales")


class Words:
    """Speaks one language. Call it with an English text, and details to fill in by name."""

    def __init__(self, language: str = "fr") -> None:
        self.language = language if language in LANGUAGES else "en"
        self.locale = LOCALES[self.language]
        self._catalogue = _catalogue(self.language)

    def __call__(self, text: str, **details: Any) -> str:
        """Return `text` in this language, with {details} filled in."""
        translated = self._catalogue.gettext(text) if text else ""
        return translated.format(**details) if details else translated

    def number(self, value: float | None, digits: int = 1) -> str:
        """Return a number with the language's separators; a dash where it is not known."""
        if value is None or not math.isfinite(value):
            return "–"
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return _decimal(float(value) + 0.0, pattern, self.locale)

    def percent(self, share: float | None, digits: int = 1) -> str:
        """Return a share of 0..1 as a percentage."""
        if share is None or not math.isfinite(share):
            return "–"
        pattern = "#,##0" + ("." + "0" * digits if digits else "") + "%"
        if self.language == "fr":
            pattern = pattern.replace("%", "\u00a0%")
        return _percent(float(share) + 0.0, pattern, self.locale)

    def factor(self, doublings: float | None) -> str:
        """Return a log2 ratio as a plain factor of at least 1, as in 1.5: its direction is said in words beside it."""
        if doublings is None or not math.isfinite(doublings):
            return "–"
        factor = 2 ** abs(doublings)
        return self.number(factor, 1 if factor < 10 else 0)

    def times(self, doublings: float | None) -> str:
        """Return a log2 ratio as a factor with its sign of multiplication, as in ×1.5."""
        factor = self.factor(doublings)
        return factor if factor == "–" else f"×{factor}"

    def span(self, low: float | None, high: float | None) -> str:
        """Return an interval in doublings as factors that are searched (+) or spoken of (−) more, as in "×0.9 … ×1.5"."""
        if low is None or high is None:
            return "–"
        parts = [self.number(2**x, 2 if 2**x < 1 else 1) for x in (low, high)]
        return f"×{parts[0]} … ×{parts[1]}"

    def signed(self, value: float | None, digits: int = 2) -> str:
        """Return a number with its sign, a true minus for a negative one."""
        if value is None or not math.isfinite(value):
            return "–"
        return ("+" if value >= 0 else "\u2212") + self.number(abs(value), digits)

    def date(self, when: datetime | pd.Timestamp | None, grain: str = "day") -> str:
        """Return a date as long as its grain needs: a year, a month and year, a day."""
        if when is None or pd.isna(when):
            return "–"
        pattern = {"year": "y", "quarter": "QQQ y", "month": "LLL y", "hour": "d MMM y HH:mm"}.get(grain, "d MMM y")
        return (
            dates.format_datetime(when, pattern, locale=self.locale)
            if grain == "hour"
            else dates.format_date(when, pattern, locale=self.locale)
        )

    def list(self, items: list[str]) -> str:
        """Return items as a list in words, as in "a, b and c"."""
        from babel.lists import format_list

        return format_list(items, locale=self.locale)


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(language: str) -> gettext.NullTranslations:
    path = _CATALOGUES / language / "LC_MESSAGES" / "undersaid.po"
    if not path.exists():
        return gettext.NullTranslations()
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language)
    # Compiled in memory, so that the readable .po is the only file to keep.
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def best_language(preferred: str | None) -> str:
    """Return the language for a browser or system locale such as "en-GB": French unless another one is asked for."""
    if not preferred:
        return "fr"
    return "fr" if preferred.lower().startswith("fr") else "en"


# A page writes the same few numbers thousands of times, and again a turn later. A zero comes unsigned: both are one key.
@lru_cache(maxsize=20_000)
def _decimal(value: float, pattern: str, locale: str) -> str:
    return numbers.format_decimal(value, format=pattern, locale=locale)


@lru_cache(maxsize=20_000)
def _percent(share: float, pattern: str, locale: str) -> str:
    return numbers.format_percent(share, format=pattern, locale=locale)
