"""The sentences behind the codes of alerts, crises and spread. English here, other languages in the catalogues."""

from __future__ import annotations

#: What a young series lacks.
READINESS = {
    "start": "Too little past to call anything unusual: alerts begin after eight hours, ten days or eight weeks.",
    "threshold": "The threshold is still partly that of a typical series.",
    "day": "The pattern of the day is not known yet: a busy hour may look unusual.",
    "week": "The pattern of the week is not known yet: a Monday may look unusual.",
    "year": "The pattern of the year is not known yet, two years are needed: a season may look unusual.",
}

#: What an alert is.
KINDS = {
    "spike": "sudden rise",
    "rise": "steady rise",
    "escalation": "it keeps growing",
    "drop": "sudden silence",
    "level shift": "new level",
}

#: What the searches say of an alert among posts.
SEARCHED = {
    "confirmed": "Searches have risen too: people who stay silent look it up.",
    "not seen": "Searches have not risen: so far it is a matter of those who post.",
    "too early": "The searches of this period are not known yet.",
    "unknown": "Nothing is known of the searches on this topic.",
}

#: Why a scenario fired, as a sentence and in a word.
WHY = {
    "rare": "{authors} people spoke of what is hardly ever spoken of ({posts} posts).",
    "common": "It is spoken of far more than usual: {posts} posts of {authors} people in a day.",
    "negative": "The share of negative posts has risen: {posts} posts of {authors} people in a day.",
}
TRIGGER_WHY = {"rare": "rare words", "common": "volume", "negative": "tone"}

LEVELS_SAID = {"watch": "to watch", "alert": "alert", "crisis": "crisis"}

#: What severity is made of.
PARTS_SAID = {
    "volume": "posts",
    "negative": "negative posts",
    "authors": "people",
    "reach": "reach",
    "breadth": "breadth",
    "search": "searches",
}

STAGES_SAID = {
    "normal": "normal",
    "weak signal": "weak signal",
    "snowball": "snowball",
    "peak": "peak",
    "decline": "decline",
    "aftermath": "aftermath",
    "closed": "closed",
}

#: Events of a timeline.
WHAT_SAID = {
    "first post": "First post",
    "scenario": "Scenario fired",
    "alert": "Alert",
    "picked up": "Picked up by the press or a large account",
    "peak": "Peak",
    "answer": "Answer of the brand",
    "half gone": "Half of it is over",
    "closed": "Closed",
    "event": "Event of the study",
}

#: Where a row of a timeline comes from.
BY_SAID = {"computed": "computed", "changed": "computed, changed by hand", "written": "written by hand"}

EVIDENCE = {
    "remaining": "Posts still to come in seven days if nothing is done",
    "breadth": "Effective number of people in it",
    "search": "Searches, as a multiple of their threshold",
    "picked up": "Articles and posts of accounts above 50,000 followers",
    "small accounts": "Spread due to small accounts",
    "scenario": "Severity of the scenario that fired (1 to 3)",
}
SPEAKS = {"answer": "answering", "watch": "watching", "neither": "neither"}

#: Accounts by size.
TIERS_SAID = {
    "everyday": "below 1,000 followers",
    "nano": "1,000 to 10,000",
    "micro": "10,000 to 50,000",
    "mid": "50,000 to 500,000",
    "macro": "500,000 to a million",
    "mega": "above a million",
    "unknown": "followers not known",
}
