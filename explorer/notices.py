"""Alerts, scenarios and the week, as messages in words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from explorer.alert_card import Card, explain
from explorer.alert_phrases import KINDS, SEARCHED, WHY
from explorer.alerts import LONGEST
from explorer.card_views import countries_said, similar_said, sizes_said, tone_said
from explorer.early_warning import EarlyWarning
from explorer.tallies import Tallies
from explorer.words import Words
from sources.notify import Message

QUOTED, LETTERS = 3, 200


def notice(warned: EarlyWarning, event: str, key: str, tallies: Tallies, say: Words) -> Message:
    """Return the message of an event: what, how much, since when, how unusual, what is new, who began."""
    card = explain(warned, event, tallies)
    row = card.event
    subject = say("{label}: {kind}", label=warned.study.named(row["label"], say.language), kind=say(KINDS[row["kind"]]))
    lines = [headline(card, say), by_chance(row, say), searched(card, say)]
    if len(card.terms):
        lines.append(say("New words: {terms}.", terms=", ".join(card.terms["term"])))
    if len(card.posts):
        lines += [tone_said(card, say), sizes_said(card, say), countries_said(card, say)]
    lines.append(similar_said(card, {}, say))
    lines = [line for line in lines if line]
    for post in card.first.head(QUOTED).itertuples():
        lines.append(f"· {post.created_at:%Y-%m-%d %H:%M} UTC, {post.platform}: {str(post.text or '–')[:LETTERS]}")
    if warned.study.simulated:
        subject = f"[{say('Example data, simulated')}] {subject}"
    facts = {
        "study": warned.study.name, "event": event, "topic": row["topic"], "side": row["side"], "kind": row["kind"],
        "at": row["at"].isoformat(), "observed": float(row["observed"]), "expected": float(row["expected"]),
        "score": float(row["score"]), "threshold": float(row["threshold"]), "return_days": float(row["return_days"]),
        "search": card.search, "terms": list(card.terms["term"]),
    }  # fmt: skip
    return Message(key, subject, "\n".join(lines), facts)


def headline(card: Card, say: Words) -> str:
    """Return what was seen against what was expected, and since when."""
    row = card.event
    seen, usual = say.number(row["observed"], 0), say.number(row["expected"], 1)
    what = say("searches") if row["side"] == "search" else say("posts")
    return say(
        "{seen} {what} where {usual} are usual, since {date}.",
        seen=seen,
        what=what,
        usual=usual,
        date=say.date(card.since),
    )


def searched(card: Card, say: Words) -> str:
    """Return what the searches say of an alert among posts; nothing of an alert among searches."""
    return say(SEARCHED[card.search]) if card.event["side"] == "posts" else ""


def by_chance(row: pd.Series, say: Words) -> str:
    """Return how rarely chance alone would do this."""
    days = float(row["return_days"])
    if days >= LONGEST:
        return say("By chance this would happen less than once in a hundred years.")
    if days >= 365:
        return say(
            "By chance this would happen about once in {n} years.", n=say.number(days / 365.25, 0 if days > 1000 else 1)
        )
    return say("By chance this would happen about once in {n} days.", n=say.number(days, 0))


def scenario_notice(trigger: Any, say: Words) -> Message:
    """Return the message of a scenario that fired, with its owner and the prepared answer."""
    subject = say("Scenario “{name}” has fired", name=trigger.scenario)
    lines = [
        say(WHY[trigger.why], posts=say.number(trigger.posts, 0), authors=say.number(trigger.authors, 0)),
        say("Severity {n} of 3.", n=trigger.severity),
    ]
    if trigger.owner:
        lines.append(say("Owner: {owner}.", owner=trigger.owner))
    if trigger.answer:
        lines.append(say("Prepared answer: {answer}", answer=trigger.answer))
    facts = {
        "scenario": trigger.scenario, "why": trigger.why, "at": trigger.at.isoformat(), "posts": int(trigger.posts),
        "authors": int(trigger.authors), "severity": int(trigger.severity), "owner": trigger.owner,
    }  # fmt: skip
    return Message(str(trigger.id), subject, "\n".join(lines), facts)


def digest(
    warned: EarlyWarning, start: pd.Timestamp, end: pd.Timestamp, troubles: list[tuple[str, str, str, str]], say: Words
) -> Message:
    """Return the message that sums a week up, quiet ones too: silence must not look like a broken watch."""
    events = warned.events[(warned.events["at"] >= start) & (warned.events["at"] < end)]
    fired = warned.triggers[(warned.triggers["at"] >= start) & (warned.triggers["at"] < end)]
    last = say.date(warned.until) if warned.until is not None else "–"
    lines = [
        say("Last post collected: {date}.", date=last),
        say(
            "About one false alarm every {n} days is announced for the whole study.",
            n=say.number(warned.days_per_false_alarm, 0),
        ),
    ]
    if warned.until is None or warned.until < end - pd.Timedelta(2, "D"):
        lines.append(say("The newest data are older than this week: nothing can be said about it."))
    elif events.empty and fired.empty:
        lines.append(say("A quiet week: no alert, no scenario."))
    for row in events.sort_values("at").itertuples():
        label = warned.study.named(row.label, say.language)
        lines.append(f"· {say.date(row.at)} {label}: {say(KINDS[row.kind])}, ×{say.number(row.ratio, 1)}")
    for row in fired.sort_values("at").itertuples():
        lines.append(f"· {say.date(row.at)} " + say("Scenario “{name}” has fired", name=row.scenario))
    for key, channel, state, _ in troubles:
        if state in ("unclear", "failed"):
            lines.append(say("Not surely delivered by {channel}: {key}", channel=channel, key=key))
    year, week, _ = start.isocalendar()
    subject = say("{study}: week of {date}", study=warned.study.name, date=say.date(start))
    facts = {"study": warned.study.name, "alerts": len(events), "scenarios": len(fired)}
    return Message(f"digest/{year}-W{week:02d}", subject, "\n".join(lines), facts)
