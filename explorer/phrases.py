"""The sentences behind every code: verdicts, reasons, warnings, notes. English here, other languages in the catalogues."""

from __future__ import annotations

VERDICTS = {
    "silent": "silent",
    "loud": "loud",
    "balanced": "balanced",
    "cannot tell": "cannot tell",
}

#: What a verdict means, in a sentence for someone who has never seen a ratio.
MEANINGS = {
    "silent": "People search for it more than they speak of it.",
    "loud": "People speak of it more than they search for it.",
    "balanced": "It is searched about as much as it is spoken of.",
    "cannot tell": "The data cannot tell which way it leans.",
}

CERTAINTIES = {"clearly": "clearly", "probably": "probably", "cannot tell": "cannot tell"}

REASONS = {
    "not fetched": "One side holds no measured value for this topic, so nothing can be said.",
    "below the measuring floor": "The search index stays below half a point: the service cannot measure it at this scale.",
    "nobody spoke": "Nobody spoke of it in the periods collected.",
    "interval holds zero": "The interval holds zero: with these data it could lean either way.",
    "not clear among this many topics": "The interval excludes zero, but among this many topics that happens by chance.",
    "interval clear of zero": "The whole interval lies on one side of zero.",
    "interval inside the balanced zone": "The whole interval lies within a factor of 1.4 either way.",
}

WARNINGS = {
    "loud voices cannot be corrected": "The source gives counts without authors: loud voices cannot be corrected here.",
    "shares without counts": "The source gives shares without counts: the interval rests on how much they move.",
    "loud account counted once": "Posts per author show at least one account that never stops; it is counted as one person.",
    "possible loud account": "An account that never stops may be among the voices; half of the draws count it as one person.",
    "carries more than half of one side": "This topic carries more than half of one side: every other share depends on it.",
    "few periods": "Fewer than 12 periods: the interval is wide, and a season cannot be seen.",
    "capped": "The collection stopped at a limit: fewer posts than there were.",
    "one anchor": "Anchored to one topic alone: sources may disagree more than the interval shows.",
}

NOTES = {
    "no search": "No search series for these topics has been imported yet.",
    "no voice": "No posts or counts for these topics have been imported yet.",
    "several places": "The search files cover several places; {place} is used, the one with the most values.",
    "other place": "The search files cover {place}; the study asks for {asked}.",
    "several units": "The search files hold several units; only {kept} is used, they cannot be added.",
    "several grains": "The search files come in several grains; only {kept} is used.",
    "terms missing": "No file holds {n} of the search terms: {terms}.",
    "terms unconnected": "{n} terms share no file with the others and cannot be put on their scale: {terms}. "
    "Export one comparison that holds one of them and one of the others.",
    "calibrated": "{n} files, each on its own scale, were brought to one scale through the terms they share.",
    "sampling unseen": "The search files agree but for rounding, as answers out of one draw of searches do: how much the "
    "service's samples differ cannot be seen, and levels may lie further off than their intervals say. Fetch or export "
    "them again on another day.",
    "stitched": "Each search series was joined out of overlapping windows ({n} answers), held together by one answer over the "
    "whole span (grain: {grain}).",
    "counts unused": "{rows} counted values are stored too; the posts are used, never the sum of both.",
    "topics without counts": "No counts for {n} topics: {topics}. They are left out, not taken as zero.",
    "topics without posts": "No post matches {n} topics: {topics}.",
    "several count sources": "Counts come from several sources; only {kept}, the newest, is used. They are never added.",
    "no authors": "The source does not tell who speaks: posts are counted instead of people.",
    "some unsigned": "Some posts carry no author ({share:.0%}); they are left out of the count of people.",
    "coordinated once": "{n} posts repeat the same words or links within minutes; the accounts behind them count as one "
    "person a group (groups: {groups}).",
    "coverage capped": "{source}: the collection stopped at a limit. Periods it did not reach are unknown, not silent.",
    "coverage partial": "{source}: part of the window is missing.",
    "coverage refused": "{source}: the service refused part of the collection.",
    "coverage unavailable": "{source}: the service did not answer for part of the collection.",
}

#: Words of forecasting.trend_class.
TRENDS = {
    "emerging": "emerging",
    "sustained": "sustained",
    "seasonal": "seasonal",
    "peaked": "peaked",
    "fading": "fading",
    "breakout": "breakout",
}
