"""What a query asks for: eleven question types by transparent French and English rules, on folded text.

Every rule can be read, and the answer says which one spoke. Types follow the answer that is wanted (after the coarse classes of
TREC), with `price` and `compare` set apart because they mark someone about to choose.

References
----------
Li & Roth (2002), "Learning question classifiers", for the answer types of TREC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from explorer.text.normal import as_texts, fold

ENGINE = "question-rules"
VERSION = "1"

#: `none` is a query that asks nothing in its form ("panneaux solaires balcon").
TYPES = ("what", "who", "when", "where", "why", "how", "how_many", "price", "yes_no", "compare", "none")

_PERSON = (
    r"(?:actor|actress|person|people|man|woman|men|women|boy|girl|president|vice president|prime minister|minister|king|queen"
    r"|emperor|dictator|leader|author|writer|poet|novelist|playwright|composer|singer|musician|band|group|artist|painter"
    r"|sculptor|architect|inventor|scientist|physicist|explorer|astronaut|general|admiral|senator|governor|mayor|pope|saint"
    r"|director|producer|player|pitcher|golfer|boxer|coach|athlete|team|company|corporation|organization|agency|university"
    r"|character|hero|philosopher|founder|ceo|chairman|celebrity|comedian|model|wife|husband|son|daughter|brothers?|sisters?)"
)
_PLACE = (
    r"(?:city|cities|town|village|country|countries|nation|state|states|province|county|continent|capital|island|islands|river"
    r"|lake|sea|ocean|mountain|mountains|desert|peninsula|strait|canal|street|avenue|airport|port|harbor|park|planet|region"
    r"|borough|bay|valley|hotel|museum|stadium|place|location|university town)"
)
_LIEU = r"(?:ville|village|pays|region|departement|lieu|endroit|continent|etat|ile|fleuve|riviere|commune|quartier|rue)"
_GENS = (
    r"(?:acteur|actrice|president|presidente|auteur|auteure|roi|reine|ministre|personne|chanteur|chanteuse|peintre|ecrivain"
    r"|inventeur|homme|femme|joueur|equipe|entreprise|societe|organisme|scientifique|explorateur|compositeur|realisateur"
    r"|fondateur|medecin|specialiste|professionnel|artisan|avocat|empereur|pape|saint|general|architecte|philosophe)"
)
_MESURE = (
    r"(?:age|nombre|taille|hauteur|longueur|largeur|distance|duree|population|pourcentage|montant|delai|poids|superficie"
    r"|surface|vitesse|temperature|profondeur|quantite|capacite|puissance|proportion|taux|plafond)"
)
_MEASURE = (
    r"(?:population|length|height|distance|diameter|weight|size|speed|temperature|average|number|percentage|depth|width|area"
    r"|age|life expectancy|life span|wingspan|circumference|odds|melting point|boiling point|rate|volume|density|radius)"
)

#: Rules in the order they are tried; the first that is found decides. Each is (type, name of the rule, pattern).
_RULES: tuple[tuple[str, str, str], ...] = (
    (
        "compare",
        "compared",
        r"\b(?:vs\.?|versus|compar\w+|differences?|differ(?:s|ent|ence)?(?: from)?|better than|mieux que|plutot que"
        r"|ou bien|rather than|(?:is|are) better|^(?:lequel|laquelle|lesquels|lesquelles)|(?:lequel|laquelle) (?:choisir|prendre|acheter|est le))\b|\b(?:quel|quelle|quels|quelles) \w+ choisir\b"
        r"|\bwhich .* (?:better|best|choose|buy)\b|^\w[\w' ]+ ou (?!non\b|pas\b)\w[\w' ]+ (?:que|quoi|quel|quelle) choisir\b",
    ),
    (
        "price",
        "cost",
        r"\b(?:prix|tarifs?|couts?|coutent|coute|cout|budget|combien (?:\w+ )?(?:coutent|coute|ca coute|vaut|valent|payer|paye)"
        r"|prices?|pricing|costs?|salary|wages?|fees?|worth|net worth|fine for)\b"
        r"|\bhow much (?:money|(?:do|does|did|would|will|should|can) .*\b(?:pay|paid|charge|earn|make|sell|spend|get paid|owe)"
        r"|(?:is|are|was|were|would|will) (?:the|a|an|it|they|this|that|you|my|be)\b(?! (?:weight|distance|size)))",
    ),
    (
        "how_many",
        "quantity",
        r"\bcombien\b|\bhow (?:many|much|long|far|old|tall|big|fast|often|large|high|deep|wide|heavy|hot|cold|small|short|thick|loud"
        r"|late|early|close|strong)\b"
        rf"|\bquel(?:le|s|les)? (?:est |sont |etait |serait )?(?:le |la |l'|les |son |sa )?{_MESURE}\b|\ba quel age\b"
        rf"|\bwhat (?:percentage|number|proportion|percent)\b"
        rf"|\bwhat(?: is|'s| was| are| were) (?:the )?(?:\w+ ){{0,2}}{_MEASURE}\b"
        rf"|\bwhat {_MEASURE}\b",
    ),
    (
        "why",
        "reason",
        r"(?:^|\W)(?:pourquoi|pour quelles? raisons?|why|how come|what (?:causes?|caused|makes?|made)|for what reason"
        r"|a cause de quoi|d'ou vient (?:que|qu')|raisons? pour laquelle|qu'est[- ]ce qui (?:cause|provoque|explique|fait)"
        r"|(?:quelle|quelles) (?:est|sont|etait|etaient) (?:la|les) (?:causes?|raisons?|origines?)"
        r"|what(?: is| are|'s| was| were) the (?:\w+ )?(?:reasons?|causes?|purpose)|a quoi (?:est|sont) dus?e?s?)\b",
    ),
    (
        "when",
        "time",
        r"^(?:et |mais )?quand\b|\b(?:depuis|jusqu'a|a partir de|pour) quand\b|\bquand (?:est-ce|a-t|est|sont|sera|seront|peut|doit"
        r"|faut|aura|commence|finit|tombe|demander|changer|faire|payer|arrive|recevoir|partir|planter)\b"
        r"|\b(?:en|de|a|pour|depuis|jusqu'a|dans) (?:quel|quelle) (?:annee|date|heure|epoque|periode|saison|moment|mois|jour|siecle)\b"
        r"|\bquel(?:le|s|les)? (?:est |sont |etait |fut |sera )?(?:la |l'|le |les )?(?:date|jour|mois|siecle|annee|echeance|heure)s?\b"
        r"|\bdates? (?:limite|de|du|d'|des)\b|^(?:so |and )?when\b|\bsince when\b"
        r"|\bwhat(?:'s| is| was| were| are)?(?: the)? (?:exact )?(?:year|date|day|days|month|century|decade|time|season|birthday)\b"
        r"|\b(?:in|on|at|by|during|since|until) (?:what|which) (?:\w+ )?(?:year|date|day|month|century|decade|season|time)\b",
    ),
    (
        "where",
        "place",
        # A query does not begin with "or": a first "ou" is "où".
        r"^(?:et |mais )?(?:d'|par |vers |jusqu')?ou (?=\S+ \S)|\b(?:d'ou|jusqu'ou)\b|(?<=[,:;.?!] )ou (?:est|sont|puis|peut|trouver|acheter|se)\b"
        r"|\b(?:je|on|nous|tu|vous|il|elle|les?) (?:\w+ )?(?:va|vais|trouve|trouver|acheter|achete) ou\b"
        rf"|\b(?:dans|a|en|de|sur|vers|par) (?:quel|quelle|quels|quelles) {_LIEU}s?\b"
        rf"|\bquel(?:le|s|les)? (?:est |sont |etait )?(?:le |la |l'|les )?(?:seul |seule |plus \w+ )?{_LIEU}s?\b|\bquelle est la capitale\b"
        r"|^(?:and |so )?where\b|(?<!any)(?<!every)(?<!some)(?<!no)\bwhere (?:is|are|was|were|do|does|did|can|could|to|will)\b"
        rf"|\b(?:what|which|name the|name a)(?: is|'s| was| are)?(?: the)? (?:\w+ ){{0,2}}{_PLACE}\b",
    ),
    (
        "who",
        "person",
        r"(?<!est-ce )(?<!est ce )(?:^|(?<=\W))(?:qui (?:est|sont|a|ont|etait|etaient|fut|peut|doit|paie|paye|va|fait|dirige|decide|prend|contacter|appeler)"
        r"|qui\b(?=-)|(?:a|de|par|contre|avec|pour|chez|envers|sur) qui"
        rf"|quel(?:le|s|les)? (?:est |sont |etait )?(?:le |la |l'|les )?(?:nom d|nom de|{_GENS}s?)"
        rf"|who|whom|whose|who's|(?:what|which|name the|name a)(?: is|'s| was| were| are)?(?: the)? (?:\w+ ){{0,2}}{_PERSON}"
        r"|what (?:is|was) the name of (?:the )?(?:man|woman|person|actor|actress|president|character|author|singer))\b"
        r"|^qui\b(?! sont les aides)|^de qui\b",
    ),
    (
        "yes_no",
        "closed",
        r"(?:^|[,:;.?!] ?)(?:est[- ]ce (?:que|qu')|est[- ]il|peut[- ](?:on|il|elle)|puis[- ]je|peux[- ](?:je|tu)|dois[- ]je|doit[- ]on"
        r"|faut[- ]il|ai[- ]je|as[- ]tu|avez[- ]vous|a[- ]t[- ]on|vaut[- ]il|y a[- ]t[- ]il|existe[- ]t[- ]il|suis[- ]je"
        r"|pouvez[- ]vous|sommes[- ]nous|can|could|is|are|do|does|did|should|will|would|has|have|was|were|may i|am i|must|shall)\b"
        r"|\b\w+ ?- ?(?:t ?- ?)?(?:il|elle|ils|elles|on|je|nous|vous)\b(?!-)"
        r"|\b(?:a|est|peut|doit|sont|va|aura|sera|fait|faut) t (?:il|elle|on)\b|\best il (?:possible|obligatoire|interdit|utile|vrai)\b"
        r"|\b(?:ou non|ou pas|possible ou)\s*\??$|^(?:obligatoire|possible|autorise|interdit) (?:de|d')\b",
    ),
    (
        "how",
        "manner",
        r"(?:^|\W)(?:comment|de quelle (?:maniere|facon)|par quel moyen|quelle (?:est la )?(?:demarche|procedure|methode|marche a suivre)"
        r"|quelles (?:sont les )?(?:demarches|etapes)|que (?:faut[- ]il )?faire|quoi faire|how|ways? to|steps? to|tuto\w*"
        r"|mode d'emploi|etapes pour|fonctionnement d\w*)\b",
    ),
    (
        "what",
        "thing",
        r"(?:^|\W)(?:qu'est[- ]ce|c'est quoi|c est quoi|quel|quelle|quels|quelles|qu'|que (?:signifie|veut|comprend|dit|risque|faire|couvre|contient|penser|choisir|devient|represente)"
        r"|definition|signification|what|what's|which|define|meaning|en quoi|a quoi|de quoi|sur quoi|quoi|cite[rz]?|nomme[rz]?|name)\b|^que\b",
    ),
)
_COMPILED = tuple((kind, name, re.compile(pattern)) for kind, name, pattern in _RULES)

#: A question word at the start: then "est-il" and the like further on do not make it a closed question.
_OPEN = re.compile(
    r"^(?:et |mais |bonjour,? |a |de |en |dans |par |pour |sur |contre |d'|sous |avec |depuis |jusqu'a |in |on |at |from |of |for |by |to |during |about |l[ea]s? |l')?"
    r"(?:qui|que|qu'|quoi|quel|quelle|quels|quelles|quand|ou|comment|pourquoi|combien|what|who|whom|whose|which|when|where|why|how|name)\b"
)
_EST_CE = re.compile(r"^est[- ]ce (?:que|qu')")


def question_type(texts: Iterable[object]) -> pd.DataFrame:
    """Return what every text asks for.

    Parameters
    ----------
    texts : queries, or short posts. The rules know French and English.

    Returns
    -------
    One row per text, in order: `label` (one of TYPES; null for an empty text), `is_question` (its form asks: a question word,
    an inversion or a question mark), `rule` (which one decided; "" for none), `confidence` (always null: a rule has no
    probability; measured figures stand in docs/models.md), `engine`, `version`.

    Examples
    --------
    >>> question_type(["combien coûte une pompe à chaleur", "pompe à chaleur balcon"])["label"].tolist()
    ['price', 'none']
    """
    rows = [_classify(text) for text in as_texts(texts)]
    frame = pd.DataFrame(rows, columns=["label", "is_question", "rule"])
    return frame.assign(confidence=float("nan"), engine=ENGINE, version=VERSION)


def _classify(text: str) -> tuple[str | None, bool, str]:
    query = fold(text)
    if not query:
        return None, False, ""
    opened = _OPEN.search(query) is not None and not query.startswith(("que faire", "ou "))
    for kind, name, pattern in _COMPILED:
        if kind == "yes_no" and opened:
            continue
        if pattern.search(query):
            return kind, _asks(query, kind, opened), name
    return "none", "?" in query, ""


def _asks(query: str, kind: str, opened: bool) -> bool:
    """A price or a comparison can be wanted without a question: "prix pompe à chaleur"."""
    if "?" in query or opened or _EST_CE.search(query):
        return True
    return kind not in ("price", "compare", "when", "how_many") or bool(
        re.search(r"\b(?:combien|quel|quelle|quand|how|what)\b", query)
    )
