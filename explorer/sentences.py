"""Sentences made from the data: the one line that answers a page's question."""

from __future__ import annotations

from explorer.answers import Gaps, Outlook
from explorer.panel import Panel
from explorer.study import Study
from explorer.words import Words


def headline(answer: Gaps, words: Words) -> str:
    """Return the finding of a panel in one sentence: how many topics are silent, and which one leads."""
    labels = {t.id: t.label_in(words.language) for t in answer.study.topics}
    total = len(answer.table)
    silent = answer.of("silent")
    if not silent:
        undecided = len(answer.of("cannot tell"))
        if undecided == total:
            return words("The data cannot tell yet which topics are silent.")
        return words("None of the {n} topics is searched clearly more than it is spoken of.", n=words.number(total, 0))
    first = answer.row(silent[0])
    lead = words("{topic} comes first, {factor} times.", topic=labels[silent[0]], factor=words.factor(first["gap"]))
    count = _count(words, len(silent), total)
    return f"{count} {lead}"


def cut_off(study: Study, panel: Panel, words: Words) -> str:
    """Return which topics rest on a collection that stopped at a limit, in one sentence; '' when none does."""
    labels = {t.id: t.label_in(words.language) for t in study.topics}
    named = [labels[t] for t in panel.capped]
    shown = ", ".join(named[:5]) + (" …" if len(named) > 5 else "")
    return words("Stopped at a limit, there is more than was counted: {topics}.", topics=shown) if named else ""


def _count(words: Words, silent: int, total: int) -> str:
    if silent == 1:
        return words(
            "1 of {total} topics is searched clearly more than people speak of it.", total=words.number(total, 0)
        )
    return words(
        "{n} of {total} topics are searched clearly more than people speak of them.",
        n=words.number(silent, 0),
        total=words.number(total, 0),
    )


def verdict_sentence(answer: Gaps, topic: str, words: Words) -> str:
    """Return what is found for one topic, with its interval, in one sentence."""
    row = answer.row(topic)
    label = {t.id: t.label_in(words.language) for t in answer.study.topics}.get(topic, topic)
    if row["verdict"] == "cannot tell" or row.get("gap") is None:
        return words("{topic}: the data cannot tell which way it leans.", topic=label)
    low, high = sorted((abs(row["lo"]), abs(row["hi"])))
    between = {"low": words.factor(low), "high": words.factor(high)}
    if row["verdict"] == "silent":
        text = "{topic} is searched {factor} times as much as people speak of it (between {low} and {high})."
    elif row["verdict"] == "loud":
        text = "{topic} is spoken of {factor} times as much as people search for it (between {low} and {high})."
    else:
        return words("{topic} is searched about as much as people speak of it.", topic=label)
    return words(text, topic=label, factor=words.factor(row["gap"]), **between)


def outlook_headline(answer: Outlook, words: Words) -> str:
    """Return where the gaps of a panel are heading, in one sentence."""
    last = answer.projection.gap.sort_values("ds").groupby("topic").tail(1)
    widening = int((last["p_widening"] >= 0.8).sum())
    date = words.date(last["ds"].max())
    if not widening:
        return words("No gap is likely to widen by {date}.", date=date)
    return words(
        "{n} of {total} gaps are likely to widen by {date}.",
        n=words.number(widening, 0),
        total=words.number(len(last), 0),
        date=date,
    )


def outlook_sentence(answer: Outlook, topic: str, words: Words) -> str:
    """Return where the gap of one topic is heading, in one sentence."""
    label = {t.id: t.label_in(words.language) for t in answer.study.topics}.get(topic, topic)
    own = answer.projection.gap[answer.projection.gap["topic"] == topic]
    if own.empty:
        return words("{topic}: the gap could not be projected.", topic=label)
    last = own.sort_values("ds").iloc[-1]
    chance = float(last["p_widening"])
    details = {"topic": label, "chance": words.percent(chance, 0), "date": words.date(last["ds"])}
    if chance >= 0.8:
        return words("{topic}: the gap will probably widen by {date} ({chance}).", **details)
    if chance <= 0.2:
        details["chance"] = words.percent(1 - chance, 0)
        return words("{topic}: the gap will probably narrow by {date} ({chance}).", **details)
    return words("{topic}: nothing shows yet whether the gap will widen by {date} ({chance}).", **details)
