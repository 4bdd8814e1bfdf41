"""Why somebody searches: five intents by transparent French and English rules plus the names the user knows.

Broder's three intents, with what a marketer keeps apart: `commercial` (someone is choosing) and `local` (someone is near).
Query words alone rarely tell that somebody wants one certain site: give the study's brands, and the clicked page where a
source has it (Search Console).

References
----------
Broder (2002), "A taxonomy of web search"; Alexander et al. (2022), "ORCAS-I: queries annotated with intent using weak
supervision", who found that rules are not beaten by models trained on them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from urllib.parse import urlsplit

import pandas as pd

from explorer.text.normal import as_texts, fold

ENGINE = "intent-rules"
VERSION = "1"

INTENTS = ("informational", "navigational", "transactional", "commercial", "local")

#: Names that are typed to get to a place on the web and mean nothing else. General knowledge, not taken from any list.
_SITES = """
amazon aol arte bbc bing bitly blogger booking boursorama canva cdiscount chatgpt craigslist agricole dailymail
dailymotion deezer discord disney doctolib dropbox duckduckgo ebay espn etsy expedia facebook fedex flickr fnac github
gmail gmx google groupon hotmail hulu icloud ikea imdb instagram jstor laposte leboncoin linkedin mapquest messenger msn
nba netflix nytimes outlook paypal pinterest quizlet quora reddit roblox sharepoint shein skype snapchat soundcloud
spotify stackoverflow telegram tiktok tripadvisor tumblr twitch twitter uber usps vinted vimeo walmart webmd fargo
whatsapp wikipedia wordpress yahoo yelp youtube zalando zillow ameli caf doctissimo
"""
_NAV = (
    r"\bwww\b|https?:|\b[\w-]{2,}\.(?:com|fr|org|net|gov|edu|info|eu|io|co|us|tv|gouv|uk|ca|be|ch|de)\b|\b(?:dot|point) com\b"
    r"|\b(?:log ?in|log ?on|sign ?in|signin|log into|connexion|se connecter|mon compte|mes comptes|espace (?:client|perso\w*"
    r"|membre|abonne|adherent|salarie|locataire)|my account|customer (?:service|care|support)|service clients?|home ?page"
    r"|page d'accueil|sites? officiels?|official (?:site|website|page)|web ?sites?|site web|site internet|portal|portail|webmail|intranet|headquarters|corporate office)\b"
)
#: An institution by its name: a short query of this shape looks for its site.
_INSTITUTION = (
    r"\b(?:credit union|school district|public schools?|public library|city schools|community college|state university|chamber of commerce"
    r"|sheriff'?s? (?:office|department)|county (?:clerk|assessor|court)|department of \w+|bank of \w+|university of \w+)\b"
    r"|^(?:mairie|prefecture|universite|lycee|college|hopital|clinique|musee|mediatheque|office de tourisme|chambre de commerce) (?:de |d'|du |des )"
    r"|^(?:banque|credit|caisse|mutuelle) \w+$"
)
_LOCAL = (
    r"\b(?:near (?:me|by)|nearby|close to me|around me|pres de (?:moi|chez moi)|pres d'ici|a proximite|autour de moi|proche de (?:moi|chez moi)"
    r"|dans ma ville|dans le coin|open now|ouvert (?:maintenant|le dimanche|dimanche|aujourd'hui)|opening hours|store hours|horaires?"
    r" (?:d'ouverture|ouverture|magasin)|directions to|itineraire|store locator|trouver un magasin|a domicile)\b"
)
_DO = (
    r"\b(?:buy|purchase|order|shop|shopping|for sale|coupons?|promo codes?|discount\w*|deals?|cheap|downloads?|install|installer|free|online|apps?|apk"
    r"|calculators?|convert(?:er)?|generator|viewer|subscri(?:be|ption)|book(?:ing)?|reserv\w*|rent|rentals?"
    r"|hire|tickets?|quotes?|trial|stream\w*|watch|listen|play|track(?:ing)?|apply|register|sign up"
    r""
    r"|acheter|achat|commander|commande|a vendre|vendre|promos?|promotions?|code promo|soldes?|reduction|pas cheres?|pas chers?|moins cheres?|moins chers?"
    r"|telecharger|telechargement|gratuit(?:e|es|s|ement)?|en ligne|louer|location|reserver|reservation|billets?|devis|abonnement|s'abonner|essai gratuit"
    r"|simulateur|simulation|simuler|calculatrice|calculateur|livraison|modele de lettre|modeles?|formulaires?|inscription|s'inscrire|convertisseur|convertir"
    r"|generateur|prendre rendez-vous|prendre rdv|candidature|postuler)\b"
)
_CHOOSE = (
    r"\b(?:best|top(?: \d+)?|reviews?|compar\w+|vs|versus|alternatives?|ratings?|rated|cheapest|worth it|which .* (?:buy|choose)|prices?|pricing|cost"
    r"|pros and cons|recommended|meilleure?s?|avis|comparatifs?|comparaison|comparer|tests?|prix|tarifs?|quel(?:le)?s? .* (?:choisir|acheter|prendre)"
    r"|classement|guide d'achat|rapport qualite|quelle marque|fiable|fiabilite|cout|coute|rentable|lequel choisir|que choisir|top \d+)\b"
)
_KNOW = (
    r"^(?:how|what|whats|why|when|who|where|which|is|are|can|do|does|did|should|will|was|were|define|comment|pourquoi|quand|qui|que|qu'|quel|quelle"
    r"|quels|quelles|combien|est-ce|c'est quoi|faut-il|peut-on|puis-je|dois-je|doit-on|ou)\b"
    r"|\b(?:definitions?|meanings?|mean|symptoms?|signification|exemples?|examples?|histoire|history|guides?|tutorials?|tuto|recipes?|recettes?|ideas?|idees"
    r"|facts?|causes?|traitements?|treatments?|side effects?|effets|difference|reglementation|obligatoire|loi|conditions?|delai)\b"
)
_ACT = r"\b(?:download|telecharger|buy|acheter|order|commander|for sale|louer|book|reserver|coupons?|code promo)\b"

_PATTERNS = {
    name: re.compile(p)
    for name, p in {
        "nav": _NAV,
        "institution": _INSTITUTION,
        "local": _LOCAL,
        "do": _DO,
        "choose": _CHOOSE,
        "know": _KNOW,
        "act": _ACT,
    }.items()
}
_SITE_NAMES = re.compile(rf"\b(?:{'|'.join(sorted(_SITES.split()))})\b")
_HOW_TO = re.compile(r"\b(?:how (?:to|do|can|does)|comment)\b")


def intent(
    texts: Iterable[object], *, brands: Sequence[str] = (), clicked: Iterable[object] | None = None
) -> pd.DataFrame:
    """Return why each query was searched.

    Parameters
    ----------
    texts : queries in French or English.
    brands : names that lead to one certain site: the study's own brand and its competitors.
    clicked : per query the address of the page that was clicked, null where unknown. A query that spells the site's name
        was typed to get there.

    Returns
    -------
    One row per text, in order: `label` (one of INTENTS; null for an empty text), `rule` (what decided), `confidence` (null: a
    rule has no probability; docs/models.md has its measured precision), `engine`, `version`.

    Raises
    ------
    ValueError : `clicked` has another length than `texts`.
    """
    queries = as_texts(texts)
    sites = [""] * len(queries) if clicked is None else as_texts(clicked)
    if len(sites) != len(queries):
        raise ValueError(
            f"clicked has {len(sites)} entries for {len(queries)} texts; pass one per text, None where unknown"
        )
    names = _names(brands)
    rows = [_classify(fold(q), names, site) for q, site in zip(queries, sites, strict=True)]
    frame = pd.DataFrame(rows, columns=["label", "rule"])
    return frame.assign(confidence=float("nan"), engine=ENGINE, version=VERSION)


def _names(brands: Sequence[str]) -> re.Pattern[str] | None:
    folded = sorted({re.escape(fold(b)) for b in brands if fold(b)}, key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(folded) + r")\b") if folded else None


def _classify(query: str, brands: re.Pattern[str] | None, site: str) -> tuple[str | None, str]:
    if not query:
        return None, ""
    found = {name: p.search(query) is not None for name, p in _PATTERNS.items()}
    asks = found["know"]
    if site and not (asks or found["act"]) and _spells(query, site):
        return "navigational", "spells the clicked site"
    if found["nav"] and not asks:
        return "navigational", "words of a site"
    plain = not (asks or found["do"] or found["choose"])
    if plain and found["institution"] and query.count(" ") < 5:
        return "navigational", "name of an institution"
    if plain and query.count(" ") < 2 and _SITE_NAMES.search(query):
        return "navigational", "name of a site"
    if brands is not None and brands.search(query):
        rest = brands.sub(" ", query).split()
        if len(rest) <= 1 and plain:
            return "navigational", "brand alone"
    if found["local"]:
        return "local", "words of nearness"
    if asks and not found["act"]:
        return ("commercial", "asks to choose") if found["choose"] else ("informational", "asks to know")
    if found["choose"] and not found["act"]:
        return "commercial", "words of choice"
    if found["do"] and not (_HOW_TO.search(query) and not found["act"]):
        return "transactional", "words of doing"
    return "informational", "no other rule"


def _spells(query: str, address: str) -> bool:
    """Whether the query spells the name of the site, as "show my ip" spells showip.net."""
    host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    parts = [p for p in fold(host).split(".") if p not in ("www", "m", "en", "fr", "mobile")]
    # wiki.haskell.org holds texts about Haskell; www.haskell.org is the place itself.
    if not parts or parts[0] in ("wiki", "docs", "doc", "blog", "forum", "forums", "answers", "help"):
        return False
    # The registered name: the last part before the public suffix, which may have two parts (co.uk, gouv.fr).
    name = (
        parts[-3]
        if len(parts) > 2 and parts[-2] in ("co", "com", "gov", "gouv", "ac", "org", "asso")
        else parts[max(len(parts) - 2, 0)]
    )
    name, typed = re.sub(r"[^a-z0-9]", "", name), re.sub(r"[^a-z0-9]", "", query)
    if len(name) < 3 or len(typed) < 3:
        return False
    # Names come first in what people type ("allstate claims"); a name further on is mostly a word of the subject.
    if typed.startswith(name) and len(typed) <= 3 * len(name):
        return True
    if (name in typed and len(typed) <= 2 * len(name)) or (typed in name and len(typed) >= 4):
        return True
    return SequenceMatcher(None, typed, name, autojunk=False).ratio() >= 0.75
