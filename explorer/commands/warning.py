"""Early warning on the command line: alerts, watch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from explorer.early_warning import EarlyWarning
    from explorer.study import Study
    from explorer.words import Words


def alerts(
    study: StudyOption = Path(),
    sensitivity: Annotated[str, typer.Option(help="fewer, balanced or more.")] = "balanced",
    budget: Annotated[
        str, typer.Option(help="Instead: false alarms of the whole study in words, as in 'one a month'.")
    ] = "",
    since: Annotated[str, typer.Option(help="Only what was known from this day on, as in 2026-01-31.")] = "",
    drill: Annotated[
        bool,
        typer.Option(
            "--drill", help="Replay past crises: when each scenario would have fired, and how much was said by then."
        ),
    ] = False,
    event: Annotated[
        str, typer.Option(help="One event, by its id in --format json: its timeline, or with --drill its replay.")
    ] = "",
    format: FormatOption = Format.table,
    lang: LangOption = "",
) -> None:
    """List what left its usual course; --event tells one event in order, --drill replays the past with today's settings."""
    from explorer.alert_phrases import KINDS
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
    if drill or event:
        _one_event_or_drill(opened, warned, first, format, words, event=event, drilled=drill)
        return
    frame = _since(warned.events, first)
    if format is not Format.table:
        show(frame, format)
        return
    shown = pd.DataFrame(
        {
            words("Known since"): frame["at"].map(lambda t: words.date(t)),
            words("Topic"): frame["label"].map(lambda label: warned.study.named(label, words.language)),
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


def _since(frame: pd.DataFrame, first: pd.Timestamp | None) -> pd.DataFrame:
    if first is None:
        return frame
    at = frame["at"] if frame["at"].dt.tz is not None else frame["at"].dt.tz_localize("UTC")
    return frame[at >= first]


def _one_event_or_drill(
    opened: Study,
    warned: EarlyWarning,
    first: pd.Timestamp | None,
    format: Format,
    words: Words,
    *,
    event: str,
    drilled: bool,
) -> None:
    """Print the timeline of an event as people left it, or the replay of one or all past crises."""
    from explorer.crisis import crisis_of
    from explorer.drill import drill
    from explorer.drill_views import drill_told
    from explorer.outputs.timeline import timeline_frame
    from explorer.tallies import Tallies
    from explorer.timelines import edited, named

    tallies = Tallies.of(opened)
    with working(words("Tracing where it came from")):
        if drilled:
            found = drill(warned, tallies, event=event, since=first)
        else:
            crisis = crisis_of(warned, event, tallies, own=opened.brand.get("accounts", ()))
            told = named(edited(crisis.timeline, opened.path.parent, event), opened, words.language)
            found = timeline_frame(told, words)
    if format is not Format.table:
        show(found, format)
    elif drilled:
        found["label"] = found["label"].map(lambda label: warned.study.named(label, words.language))
        told = drill_told(found, words, whole=bool(event))
        show(told, format, title=title_of(opened, words, words("Past crises replayed")))
    else:
        headed = found.assign(at=found["at"].map(lambda t: f"{t:%Y-%m-%d %H:%M}")).drop(columns=["what", "by"])
        headed.columns = ["n°", words("When"), words("Event"), words("In words")]
        show(headed, format, title=title_of(opened, words, words("What happened, in order")))


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
