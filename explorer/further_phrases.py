"""The sentences behind the codes of concerns, alternatives, rising topics and the silent audience."""

from __future__ import annotations

KINDS = {"question": "question", "complaint": "complaint"}
MOVES = {"more": "more", "less": "less", "cannot tell": "cannot tell"}
SWITCHES = {
    "in search, not in posts": "in search, not yet in posts",
    "in posts, not in search": "in posts, not in search",
    "cannot tell": "cannot tell",
}
SWITCH_REASONS = {
    "no volumes": "no source gives searches a month for its name",
    "no posts": "no post names it",
    "few people": "fewer than 60 people name it",
    "capped": "the collection of posts was cut off",
    "overlap": "the two intervals overlap",
}
TOGETHER = {"leaving": "leaves it", "comparing": "compares", "together": "names both"}
RISES = {
    "ahead": "searches rise, posts do not yet",
    "unproven": "searches rise, but no more than they have always wandered",
    "both": "both rise",
    "posts first": "posts rise, searches do not",
    "neither": "neither rises",
    "cannot tell": "cannot tell",
}
SILENCES = {
    "no volumes": "No source gives searches a month for this topic.",
    "no posts": "No whole month of posts was collected.",
}
PLACES = {"silent": "searches, hardly speaks", "loud": "speaks more than it searches", "cannot tell": "cannot tell"}
