"""What comes and what an event changed, on the command line: forecast, impact."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from explorer.commands.console import (
    Format,
    FormatOption,
    LangOption,
    RawOption,
    StudyOption,
    line,
    now,
    open_study,
    show,
    title_of,
    words_of,
    working,
)


def forecast(
    study: StudyOption = Path(),
    horizon: Annotated[int | None, typer.Option(min=1, help="Periods ahead; capped at a third of the history.")] = None,
    series: Annotated[
        Path | None,
        typer.Option(help="Forecast the series of a CSV or Parquet file (unique_id, ds, y) instead of a study."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="With --series: processes that share the work; 1 if left out.")
    ] = None,
    raw: RawOption = False,
    format: FormatOption = Format.table,
    lang: LangOption = "",
) -> None:
    """Project search, posts and the gap of every topic; or forecast any number of series of a file."""
    words = words_of(lang)
    if series is not None:
        from explorer.series_file import forecast_file

        with working(words("Forecasting the series")):
            show(forecast_file(series, horizon, workers=workers or 1), format)
        return
    if workers is not None:
        raise typer.BadParameter("it shares out the series of a file: pass --series too", param_hint="--workers")
    from explorer import timing
    from explorer.answers import look_ahead
    from explorer.campaigns import read_campaigns
    from explorer.outputs.frames import forecast_frame
    from explorer.outputs.provenance import outlook_provenance

    opened = open_study(study)
    with working(words("Projecting search, posts and the gap")):
        answer = look_ahead(opened, corrected=not raw, horizon=horizon)
    campaigns = read_campaigns(opened.path.parent)
    frame = forecast_frame(answer, words.language, outlook_provenance(answer, words, now()), campaigns)
    if format is not Format.table:
        show(frame, format)
        return
    last = frame[(frame["series"] == "gap") & (frame["date"] == frame["date"].max())]
    shown = last[["label", "median", "lo80", "hi80", "p_widening"]].round(2)
    show(
        shown, format, title=title_of(answer.study, words, words("Gap on {date}", date=words.date(frame["date"].max())))
    )
    for told in [*timing.plain_notes(answer, words), *timing.leader_sentences(answer, words)]:
        line(f"· {told}", "dim")


def impact(
    topic: Annotated[str, typer.Argument(help="Id of the topic.")],
    event: Annotated[
        str, typer.Argument(help="A date such as 2026-01-31, or the name of one of the study's [[events]].")
    ],
    study: StudyOption = Path(),
    side: Annotated[Literal["voice", "search"], typer.Option(help="What is said, or what is searched.")] = "voice",
    control: Annotated[
        list[str] | None, typer.Option(help="A topic that the event left alone, to lean on; may be given again.")
    ] = None,
    level: Annotated[float, typer.Option(min=0.5, max=0.999, help="Coverage of the interval.")] = 0.95,
    format: FormatOption = Format.table,
    lang: LangOption = "",
) -> None:
    """Say what an event changed, against what would have come without it, and whether the old level is back."""
    from explorer.event_impact import impact_frame, impact_said, what_changed

    words = words_of(lang)
    opened = open_study(study)
    with working(words("Comparing with what would have come without it")):
        changed = what_changed(opened, topic, event, side=side, controls=control or (), level=level)
    if format is not Format.table:
        show(impact_frame(changed, words.language), format)
        return
    label = opened.topic(topic).label_in(words.language)
    title = words("{label} since {date}", label=label, date=words.date(changed.found.path["ds"].iloc[0]))
    line(title_of(opened, words, f"{changed.event}: {title}" if changed.event else title), "bold")
    for told in impact_said(changed, words):
        line(told)
