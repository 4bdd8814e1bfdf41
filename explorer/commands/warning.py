"""Early warning on the command line: alerts, watch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from explorer.commands.console import (
    Format,
    FormatOption,
    LangOption,
    StudyOption,
    line,
    now,
    open_study,
    show,
    title_of,
    words_of,
    working,
)


def alerts(
    study: StudyOption = Path(),
    sensitivity: Annotated[str, typer.Option(help="fewer, balanced or more.")] = "balanced",
    budget: Annotated[
        str, typer.Option(help="Instead: false alarms of the whole study in words, as in 'one a month'.")
    ] = "",
    since: Annotated[str, typer.Option(help="Only what was known from this day on, as in 2026-01-31.")] = "",
    drill: Annotated[
        bool, typer.Option("--drill", help="Replay the past: when each scenario would have fired.")
    ] = False,
    format: FormatOption = Format.table,
    lang: LangOption = "",
) -> None:
    """List what left its usual course, and with --drill when each scenario would have fired."""
    from explorer.alert_phrases import KINDS, TRIGGER_WHY
    from explorer.early_warning import warnings_of

    words = words_of(lang)
    opened = open_study(study)
    try:
        first = pd.Timestamp(since, tz="UTC") if since else None
    except ValueError as error:
        raise typer.BadParameter(f"{since!r} is no date", param_hint="--since") from error
    if sensitivity not in ("fewer", "balanced", "more"):
        raise typer.BadParameter("choose fewer, balanced or more", param_hint="--sensitivity")
    with working(words("Scoring every topic against its own past")):
        warned = warnings_of(opened, sensitivity=sensitivity, budget=budget or None)
    frame = warned.triggers if drill else warned.events
    if first is not None:
        at = frame["at"] if frame["at"].dt.tz is not None else frame["at"].dt.tz_localize("UTC")
        frame = frame[at >= first]
    if format is not Format.table:
        show(frame, format)
        return
    if drill:
        shown = pd.DataFrame(
            {
                words("When"): frame["at"].map(lambda t: f"{t:%Y-%m-%d %H:%M}"),
                words("Scenario"): frame["scenario"],
                words("Why"): frame["why"].map(lambda w: words(TRIGGER_WHY[w])),
                words("People"): frame["authors"],
                words("Owner"): frame["owner"],
            }
        )
        show(shown, format, title=title_of(opened, words, words("Scenarios that would have fired")))
        return
    shown = pd.DataFrame(
        {
            words("Known since"): frame["at"].map(lambda t: words.date(t)),
            words("Topic"): frame["label"],
            words("Side"): frame["side"].map({"posts": words("Posts"), "search": words("Search")}),
            words("Kind"): frame["kind"].map(lambda k: words(KINDS[k])),
            words("Seen"): frame["observed"].map(lambda v: words.number(v, 0)),
            words("Usual"): frame["expected"].map(lambda v: words.number(v, 1)),
            words("By chance once in … days"): frame["return_days"].map(lambda v: words.number(v, 0)),
        }
    )
    show(shown, format, title=title_of(opened, words, words("Alerts")))
    days = words.number(warned.days_per_false_alarm, 0)
    line(words("About one false alarm every {n} days is announced for the whole study.", n=days), "dim")


def watch(
    study: Annotated[Path, typer.Argument(help="The study's folder or file.")] = Path(),
    format: FormatOption = Format.table,
    lang: LangOption = "",
) -> None:
    """Score the study once and tell what is new, by e-mail, webhook or file; for cron or systemd. Nothing is told twice."""
    from explorer.watch import watch as round_of

    words = words_of(lang) if lang else None
    opened = open_study(study)
    done = round_of(opened, now=now(), words=words)
    frame = pd.DataFrame([{"alerts": done.alerts, "queued": done.queued, **done.states}])
    show(frame, format)
    for key, channel, state, error in done.troubles:
        if format is Format.table:
            line(f"· {channel}, {key}: {state} {error}", "yellow")
    if done.states["failed"] or done.states["waiting"] or done.states["unclear"]:
        raise typer.Exit(1)
