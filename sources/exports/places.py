"""Places and languages as websites print them in their own languages, as ISO codes."""

from __future__ import annotations

import re
from functools import lru_cache

from babel import Locale
from babel.core import get_global

from sources.exports.words import plain

#: Languages of the exports met: where two of them give one name to two countries, none is taken.
# fmt: off
_LOCALES = ("en", "fr", "de", "es", "it", "pt", "id", "ja", "ko", "zh", "zh_Hant", "uk", "vi", "tr", "nl", "pl", "ru",
            "sv", "cs", "ar")
# fmt: on
#: Worldwide as the websites print it; Babel knows only "World" in each language.
_WORLD = """
    Worldwide, World, Global, Monde, Monde entier, Dans le monde entier, Tous les pays, Weltweit, Todo el mundo,
    Tutto il mondo, Nel mondo, In tutto il mondo, Todo o mundo, Em todo o mundo, Mundo inteiro, Seluruh dunia,
    Di seluruh dunia, すべての国, 全世界, 전 세계, 全球, По всьому світу, Усі країни, Увесь світ, Весь світ,
    Trên toàn thế giới, Toàn thế giới, Tüm dünya, Dünya genelinde, Dünya çapında, Wereldwijd, Cały świat,
    По всему миру, Весь мир, Hela världen, Celý svět
"""
#: Names that Google prints and Unicode does not.
_OTHERS = {
    "myanmar burma": "MM",
    "czech republic": "CZ",
    "macedonia fyrom": "MK",
    "macedonia": "MK",
    "swaziland": "SZ",
    "turkey": "TR",
    "cape verde": "CV",
    "ivory coast": "CI",
    "usa": "US",
    "u s": "US",
    "uk": "GB",
    "great britain": "GB",
    "england": "GB-ENG",
    "scotland": "GB-SCT",
    "wales": "GB-WLS",
    "northern ireland": "GB-NIR",
    "hong kong": "HK",
    "macao": "MO",
    "macau": "MO",
    "palestine": "PS",
    "congo kinshasa": "CD",
    "congo brazzaville": "CG",
    "holland": "NL",
    "etats unis": "US",
    "royaume uni": "GB",
    "coree du sud": "KR",
    "corea del sur": "KR",
}
_CODE = re.compile(r"^[A-Z]{2}(?:-[A-Z0-9]{1,3})?$")


def place_code(printed: str) -> str | None:
    """Return the ISO 3166 code of a place as printed in any of the languages; "" for the world; None if it is not known.

    >>> place_code("États-Unis"), place_code("대한민국"), place_code("Worldwide"), place_code("Île-de-France")
    ('US', 'KR', '', None)
    """
    text = printed.strip()
    if _CODE.match(text) and text[:2] in _territories():
        return text
    name = plain(text)
    if not name or name in _worlds():
        return ""
    return _names().get(name)


def country_code(printed: str) -> str | None:
    """Return ISO 3166-1 alpha-2 of a country given as a code of two or three letters in any case, or by name; else None."""
    text = printed.strip()
    upper = text.upper()
    if len(upper) == 2 and upper in _territories():
        return "GB" if upper == "UK" else upper
    if upper == "UK":
        return "GB"
    if len(upper) == 3 and upper.isalpha():
        alias = get_global("territory_aliases").get(upper)
        if alias and len(alias) == 1:
            return str(alias[0])
    code = _names().get(plain(text))
    return code[:2] if code else None


#: Codes that ISO 639 has renamed and some services still send.
_RENAMED = {"in": "id", "iw": "he", "ji": "yi", "jw": "jv", "mo": "ro", "sh": "sr"}


def language_tag(printed: str) -> str | None:
    """Return the BCP-47 tag of a language given as a tag (fr, fr_FR, fr-fr) or by name; None for "und" and the unknown.

    >>> language_tag("fr_fr"), language_tag("Français"), language_tag("und")
    ('fr-FR', 'fr', None)
    """
    text = printed.strip()
    found = re.match(r"^([a-zA-Z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?$", text)
    base = _RENAMED.get(found[1].lower(), found[1].lower()) if found else ""
    if found and base in _languages()[0]:
        parts = [base, found[2].title() if found[2] else "", found[3].upper() if found[3] else ""]
        return "-".join(p for p in parts if p)
    return _languages()[1].get(plain(text))


@lru_cache(maxsize=1)
def _territories() -> frozenset[str]:
    return frozenset(
        c
        for c in map(str, Locale("en").territories)
        if len(c) == 2 and c.isalpha() and c not in ("ZZ", "EU", "UN", "EZ", "QO", "XA", "XB")
    )


@lru_cache(maxsize=1)
def _worlds() -> frozenset[str]:
    names = {plain(w) for w in _WORLD.split(",")}
    return frozenset(names | {plain(Locale.parse(c).territories["001"]) for c in _LOCALES})


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Return plain country name -> code over all languages; a name that means two countries is left out."""
    found: dict[str, set[str]] = {}
    known = _territories()
    for locale in _LOCALES:
        for code, name in Locale.parse(locale).territories.items():
            if code in known:
                for written in (name, name.replace("&", "and"), re.sub(r"\s*[(（].*[)）]", "", name)):
                    found.setdefault(plain(written), set()).add(code)
    names = {name: codes.copy().pop() for name, codes in found.items() if len(codes) == 1}
    return {**names, **_OTHERS}


@lru_cache(maxsize=1)
def _languages() -> tuple[frozenset[str], dict[str, str]]:
    codes = frozenset(
        c
        for c in map(str, Locale("en").languages)
        if len(c) in (2, 3) and c not in ("und", "zxx", "mul", "mis", "root")
    )
    found: dict[str, set[str]] = {}
    for locale in ("en", "fr", "es", "de", "it", "pt"):
        for code, name in Locale.parse(locale).languages.items():
            if code in codes:
                found.setdefault(plain(name), set()).add(code)
    own = {plain(Locale.parse(c).languages[c.split("_")[0]]): {c.split("_")[0]} for c in _LOCALES}
    return codes, {n: c.copy().pop() for n, c in {**found, **own}.items() if len(c) == 1}
