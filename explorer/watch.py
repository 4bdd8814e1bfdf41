"""One round of watching: score the study, tell what is new, once; on Mondays sum the week up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from explorer.alert_budget import budget_days
from explorer.early_warning import EarlyWarning, warnings_of
from explorer.notices import digest, notice, scenario_notice
from explorer.outbox import Outbox
from explorer.study import BadStudy, Study
from explorer.tallies import Tallies
from explorer.words import Words
from sources.notify import Message, channels

FILE_NAME = "watch.sqlite"
#: What is older than this when it is first seen is history, not news.
FRESH = pd.Timedelta(7, "D")
_KEYS = {"sensitivity", "budget", "digest", "email", "webhook", "file"}


@dataclass(frozen=True)
class Round:
    """What a round did: alerts known, messages newly queued, and how many ended in each state of the outbox."""

    alerts: int
    queued: int
    states: Mapping[str, int]
    troubles: tuple[tuple[str, str, str, str], ...]


def watch(study: Study, *, now: datetime, words: Words | None = None) -> Round:
    """Watch a study once. Run again at any time, also after a kill: what was told is not told again.

    Raises
    ------
    BadStudy : the table [watch] cannot be read, or names no channel.
    """
    given = _settings(study)
    ways = channels({k: v for k, v in given.items() if k in ("email", "webhook", "file")}, study.path.parent)
    if not ways:
        raise BadStudy("nobody is to be told", str(study.path), "add [watch.email], [watch.webhook] or [watch.file]")
    say = words or Words(study.languages[0] if study.languages else "en")
    tallies = Tallies.of(study)
    warned = warnings_of(
        study, tallies, sensitivity=str(given.get("sensitivity", "balanced")), budget=given.get("budget")
    )
    outbox = Outbox(study.path.parent / FILE_NAME)
    known = outbox.keys()
    messages = _news(warned, tallies, say, known)
    if given.get("digest", True):
        messages += _week(warned, say, now, outbox)
    queued = sum(outbox.put(m, ways, now) for m in messages if m.key not in known)
    states = outbox.deliver(ways, now)
    return Round(len(warned.events) + len(warned.triggers), queued, states, tuple(outbox.troubles()))


def _settings(study: Study) -> Mapping[str, Any]:
    given = study.watch
    if unknown := set(given) - _KEYS:
        raise BadStudy(
            f"unknown key {sorted(unknown)[0]!r}", f"{study.path}, [watch]", f"known are {', '.join(sorted(_KEYS))}"
        )
    if given.get("budget") is not None:
        budget_days(given["budget"], "balanced", "day")  # refuse before anything is sent
    return given


def _news(warned: EarlyWarning, tallies: Tallies, say: Words, known: set[str]) -> list[Message]:
    if warned.until is None:
        return []
    messages = []
    fresh = warned.events[warned.events["last"] > warned.until - FRESH]
    for row in fresh.sort_values("at").itertuples():
        # An event keeps its first message; each escalation has one of its own, and only the latest is told.
        key = str(row.id) if row.alerts == 1 else f"{row.id}+{row.alerts - 1}"
        if key not in known and not _moved(row, known):
            messages.append(notice(warned, str(row.id), key, tallies, say))
    for trigger in warned.triggers[warned.triggers["at"] > warned.until - FRESH].sort_values("at").itertuples():
        if trigger.id not in known:
            messages.append(scenario_notice(trigger, say))
    return messages


def _moved(row: Any, known: set[str]) -> bool:
    """Say whether the same event was told under a neighbouring day: older posts may come in late and move its first period."""
    if row.alerts > 1:
        return False
    series = str(row.id).rsplit("/", 1)[0]
    near = {f"{series}/{(row.ds + pd.Timedelta(d, 'D')):%Y-%m-%d}" for d in (-1, 1)}
    return bool(near & {k.split("+")[0] for k in known})


def _week(warned: EarlyWarning, say: Words, now: datetime, outbox: Outbox) -> list[Message]:
    """Return the digest of the last whole week (Monday to Sunday, UTC)."""
    monday = (pd.Timestamp(now) - pd.Timedelta(pd.Timestamp(now).day_of_week, "D")).normalize()
    start = monday - pd.Timedelta(7, "D")
    return [digest(warned, start, monday, outbox.troubles(), say)]
