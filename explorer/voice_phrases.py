"""The sentences behind the codes of voices: what could not be measured, what readers are led to believe."""

from __future__ import annotations

NOT_MEASURED = {
    "mentions": "Who mentions whom is not measured: no post here tells which accounts it names.",
    "tone": "What readers of the top posts are led to believe is not measured: too few posts carry a tone label.",
    "network": "Communities are not looked for: fewer than 50 people are tied to one another.",
    "unstable": "The communities depend on chance: another run would draw some borders elsewhere.",
}

BELIEFS = {
    "looks more common": "looks more common than it is",
    "looks less common": "looks less common than it is",
    "cannot tell": "cannot tell",
    "not measured": "not measured",
}

OPINIONS = {"negative": "negative", "positive": "positive"}

CONFLICTS = {
    "controversial": "Two camps keep to themselves, clearly more than chance would make them.",
    "no sign": "No sign of two camps: a random network with as many ties looks the same.",
    "not tested": "Whether there are two camps could not be tested.",
}

#: Names of what ties people (explorer.circles).
TIES = {"answers": "Answers, reposts, quotes and mentions", "links": "The same links"}

REPEATED_BY = {"words": "the same words", "link": "the same link"}

#: Keys as the posts table and sources.disclosure write them.
GENDERS = {"female": "women", "male": "men", "all": "all", "unknown": "not told"}

#: Verdicts of explorer.segments.represented.
HEARD = {
    "under-represented": "less than their number",
    "over-represented": "more than their number",
    "cannot tell": "cannot tell",
    "suppressed": "fewer than 10, or left out with them",
}
