"""Which language a text is in: py3langid among the study's languages, with function words and the source's locale as evidence.

Restricting the candidates matters more than the detector (keyword queries: +19 points); texts of one or two words hold too
little evidence, so the locale of the source speaks for them and the answer is marked.

References
----------
Lui & Baldwin (2012), "langid.py: an off-the-shelf language identification tool", ACL; py3langid (BSD-3) carries its model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from explorer.text.normal import as_texts, bare, fold

ENGINE = "py3langid"
VERSION = "0.4.0+function-words-1"

DEFAULT_LANGUAGES = ("fr", "en")

#: Below so many words the answer is marked, whatever its probability says.
SURE_FROM_WORDS = 3

#: What a locale is worth in prior odds against any other language: about what one clear word is worth to the detector.
LOCALE_ODDS = 4.0

#: Weight of the function words beside the detector; chosen on subtitles (XED), never on queries or posts.
_FUNCTION_WEIGHT = 0.25
_UNSEEN = 0.02

_FUNCTION_WORDS = {
    "fr": "le la les un une des du de au aux et ou mais donc car ni ce cet cette ces mon ma mes ton ta tes son sa ses notre nos "
    "votre vos leur leurs je tu il elle on nous vous ils elles me te se lui en y qui que quoi dont est sont suis es sommes etes "
    "ai as a avons avez ont etait pas ne plus rien jamais sur sous dans par pour avec sans chez vers entre comme si tres trop "
    "aussi bien quand comment pourquoi combien quel quelle quels quelles ca cela faire fait etre avoir peut faut tout tous toute "
    "toutes meme encore alors apres avant pendant depuis moins non oui l' d' qu' j' n' s' m' t' c'",
    "en": "the a an and or but so of to in on at by for from with without into about as is are was were be been am i you he she it "
    "we they me him her us them my your his its our their this that these those not no never do does did can could will would "
    "should may might must have has had who what which when where why how if then than very too just there here all any some out "
    "up down off over again",
    "de": "der die das den dem des ein eine einer eines einem einen und oder aber doch nicht kein keine ist sind war waren bin bist "
    "sein haben hat habe wird werden wurde kann ich du er sie es wir ihr mich dich ihn uns euch mein dein unser wie was wer wo "
    "wann warum wenn dass weil auf aus bei mit nach von vom zu zum zur fur uber unter durch gegen ohne im am in an auch noch nur "
    "schon sehr so mehr als man hier",
    "es": "el la los las un una unos unas y o pero ni no de del al a en por para con sin sobre entre hasta desde que quien cual "
    "cuando donde como porque si es son soy eres fue era ser estar esta estan he ha han hay yo tu ella nosotros ellos me te se nos "
    "le les lo mi mis su sus este esto ese esa muy mas menos tambien ya todo todos nada hoy cuanto",
    "it": "il lo la i gli le un uno una e o ma ne non di del della dello dei degli delle a al alla allo ai agli alle da dal dalla in "
    "nel nella nei nelle su sul sulla con per tra fra che chi cosa quando dove come perche se sei era erano essere ha ho hai hanno "
    "avere io tu lui lei noi voi loro mi ti si ci vi mio tuo suo questo questa questi quello quella molto piu meno anche gia tutto "
    "tutti niente oggi quanto c' l' d' un' dell' all' nell'",
    "pt": "o a os as um uma uns umas e ou mas nem nao de do da dos das em no na nos nas por pelo pela para com sem sobre entre ate "
    "desde que quem qual quando onde como porque se sao sou foi era ser estar esta estao ha tem tenho eu tu ele ela eles voce voces "
    "me te lhe meu minha seu sua este isto esse essa muito mais menos tambem ja tudo todos nada hoje quanto pra ao aos",
}
_SETS = {lang: frozenset(words.split()) for lang, words in _FUNCTION_WORDS.items()}
_TOKEN = re.compile(r"[^\W\d_]+'?")
_LETTER = re.compile(r"[^\W\d_]")


def language(
    texts: Iterable[object],
    *,
    languages: Sequence[str] = DEFAULT_LANGUAGES,
    locale: str | Sequence[str | None] | None = None,
) -> pd.DataFrame:
    """Return the language of every text, one of `languages`.

    Parameters
    ----------
    texts : posts or queries; handles and addresses are left out.
    languages : candidates as ISO 639-1 codes, at least one: those of the study.
    locale : where the text comes from (the connector's hl or geo), as a language, "fr-FR" or a country with one of the
        candidate languages ("FR"); one for all texts or one per text. It is prior evidence, not an answer.

    Returns
    -------
    One row per text, in order: `label` (null where there is no letter to read), `confidence` (0..1, probability among
    `languages`), `low` (fewer than SURE_FROM_WORDS words, or confidence below 0.6), `engine`, `version`.

    Raises
    ------
    ValueError : no candidate, a code that py3langid does not know, or as many locales as there are not texts.

    Examples
    --------
    >>> language(["c'est trop bruyant la nuit", "too noisy at night"])["label"].tolist()
    ['fr', 'en']
    """
    rows = as_texts(texts)
    candidates = tuple(dict.fromkeys(code.lower()[:2] for code in languages))
    if not candidates:
        raise ValueError("no candidate language was given; name at least one, as in languages=('fr', 'en')")
    locales = [locale] * len(rows) if locale is None or isinstance(locale, str) else list(locale)
    if len(locales) != len(rows):
        raise ValueError(f"locale has {len(locales)} entries for {len(rows)} texts; pass one, or one per text")
    identifier = _identifier(candidates)
    priors = {place: _prior(place, candidates) for place in dict.fromkeys(locales)}
    answers = [_answer(bare(text), identifier, candidates, priors[p]) for text, p in zip(rows, locales, strict=True)]
    frame = pd.DataFrame(answers, columns=["label", "confidence", "low"])
    return frame.assign(engine=ENGINE, version=VERSION)


def _answer(
    text: str, identifier: Any, candidates: tuple[str, ...], prior: np.ndarray
) -> tuple[str | None, float, bool]:
    if not _LETTER.search(text):
        return None, float("nan"), True
    ranked = dict(identifier.rank(text))
    score = np.log(np.array([ranked[c] for c in candidates]) + 1e-9) + prior
    tokens = _TOKEN.findall(fold(text))
    evidence = _evidence(candidates)
    for token in set(tokens):
        if token in evidence:
            score += evidence[token]
    weight = np.exp(score - score.max())
    share = float(weight.max() / weight.sum())
    few = len(tokens) < SURE_FROM_WORDS
    return candidates[int(weight.argmax())], share, few or share < 0.6


@lru_cache(maxsize=8)
def _evidence(candidates: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Log weight per candidate of every function word that tells some of them apart."""
    found = {}
    for word in frozenset().union(*(_SETS.get(c, frozenset()) for c in candidates)):
        seen = np.array([word in _SETS.get(c, ()) for c in candidates])
        if not seen.all():
            found[word] = _FUNCTION_WEIGHT * np.where(seen, -np.log(seen.sum()), np.log(_UNSEEN))
    return found


#: Countries whose searches are overwhelmingly in one of the languages a study may have.
_COUNTRY = {
    "FR": "fr", "MC": "fr", "GB": "en", "UK": "en", "US": "en", "IE": "en", "AU": "en", "NZ": "en", "DE": "de", "AT": "de",
    "ES": "es", "MX": "es", "AR": "es", "CO": "es", "CL": "es", "IT": "it", "PT": "pt", "BR": "pt",
}  # fmt: skip


def _prior(place: str | None, candidates: tuple[str, ...]) -> np.ndarray:
    """Log prior odds per candidate; none for a place of several languages (Belgium, Switzerland, Canada)."""
    prior = np.zeros(len(candidates))
    if place is None or pd.isna(place) or not place:
        return prior
    code = _COUNTRY.get(place.split("-")[0].upper()) if place.split("-")[0].isupper() else place[:2].lower()
    if code in candidates:
        prior[candidates.index(code)] = np.log(LOCALE_ODDS)
    return prior


@lru_cache(maxsize=8)
def _identifier(candidates: tuple[str, ...]) -> Any:
    # Imported here: the model is read when a language is first asked for, not when the library is imported.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    try:
        identifier.set_languages(candidates)
    except ValueError as error:
        raise ValueError(f"{error}; use ISO 639-1 codes such as 'fr'") from error
    return identifier
