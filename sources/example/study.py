"""The study file of the example."""

from __future__ import annotations

import json
from datetime import date

from sources.example.market import GEO, TOPICS

_HEAD = """\
# Study of the bundled example. Everything in it is simulated: posts, authors, searches, pages and the brand Calorène.
# Its tables come with the example; nothing is collected.

[study]
name = "Énergie à la maison (exemple simulé)"
geo = {geo}
languages = ["fr", "en"]
grain = "week"
start = {start}
simulated = true
"""

_SCENARIOS = """
[[scenarios]]
name = "Incendie"
terms = ["incendie", "prend feu", "en feu", "brûle"]
severity = 3
owner = "communication"

[[scenarios]]
name = "Rappel de produit"
terms = ["rappel", "appareil défectueux"]
severity = 2
owner = "qualité"

[[scenarios]]
name = "Arnaque au nom de la marque"
terms = ["faux conseiller", "escrocs"]
severity = 2
owner = "service client"
"""

#: Belgians buy twice as often as they speak.
_CUSTOMERS = """
[[reference]]
name = "Clients (simulés)"
by = "country"
values = { FR = 73, BE = 15, CH = 5, CA = 5, LU = 2 }
"""


def text(start: date, brand: str, account: str, others: tuple[str, ...] = ()) -> str:
    """Return the study as TOML: the topics with their labels, search terms and social queries, crisis scenarios, the
    brand with the key of its own account, its alternatives, and its customers by country as a reference.
    """
    parts = [_HEAD.format(geo=_quoted(GEO), start=start.isoformat())]
    for topic in TOPICS:
        parts.append(
            "\n[[topics]]\n"
            f"id = {_quoted(topic.id)}\n"
            f"label = {_quoted(topic.label)}\n"
            f"label_en = {_quoted(topic.label_en)}\n"
            f"search = [{', '.join(map(_quoted, topic.search))}]\n"
            f"social = {_quoted(topic.social, literal=True)}\n"
        )
    own = f"\n[brand]\nname = {_quoted(brand)}\naccounts = [{_quoted(account)}]\n"
    beside = [f"\n[[brands]]\nname = {_quoted(other)}\n" for other in others]
    return "".join([*parts, _SCENARIOS, own, *beside, _CUSTOMERS])


def _quoted(value: str, *, literal: bool = False) -> str:
    # A literal string keeps the double quotes of a boolean query readable; it must then hold no apostrophe.
    return f"'{value}'" if literal and "'" not in value else json.dumps(value, ensure_ascii=False)
