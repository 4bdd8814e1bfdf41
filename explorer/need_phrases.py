"""The sentences behind the codes of the needs: verdicts, doubts, warnings, question types, intents."""

from __future__ import annotations

NEED_VERDICTS = {
    "answered": "answered",
    "unanswered": "unanswered",
    "spoken": "spoken of",
    "unspoken": "unspoken",
    "cannot tell": "cannot tell",
}

#: Why the silence of posts, or the absence of a page, proves nothing.
DOUBTS = {
    "no pages": "No page of yours is imported, so nothing can be called unanswered.",
    "no topic": "The query belongs to no topic of the study, so no posts were read for it.",
    "no posts": "No post of this topic was read: that is not silence.",
    "capped": "The collection of posts was cut off, so what it lacks is unknown, not unspoken.",
    "few posts": "Fewer than 60 different posts were read: a need that 1 in 20 speaks of could be missed.",
    "too many posts": "More posts hold the words of these queries than were read.",
    "small sample": "Fewer than 300 different posts were read: a need that 1 in 100 speaks of could be missed.",
}

QUESTIONS = {
    "what": "what",
    "who": "who",
    "when": "when",
    "where": "where",
    "why": "why",
    "how": "how",
    "how_many": "how many",
    "price": "price",
    "yes_no": "yes or no",
    "compare": "comparison",
    "none": "no question",
}

INTENTS = {
    "informational": "to know",
    "navigational": "to get to a site",
    "transactional": "to do or buy",
    "commercial": "to choose",
    "local": "near by",
}
