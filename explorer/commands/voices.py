"""Who speaks, on the command line."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from explorer.commands.console import (
    Format,
    FormatOption,
    LangOption,
    StudyOption,
    line,
    open_study,
    show,
    title_of,
    words_of,
    working,
)


class Ties(StrEnum):
    """What ties the people of a community."""

    answers = "answers"
    links = "links"


def voices(
    study: StudyOption = Path(),
    communities: Annotated[
        Ties | None,
        typer.Option(help="Print communities instead: by answers, reposts, quotes and mentions, or by the same links."),
    ] = None,
    format: FormatOption = Format.table,
    lang: LangOption = "",
) -> None:
    """Set every topic's share of posts beside its share of people, loud accounts and coordinated groups counted once."""
    from explorer.circles import ANSWERS, LINKS, find_circles
    from explorer.voice_phrases import NOT_MEASURED
    from explorer.voice_views import circles_headline, circles_table, inflated_sentence, voices_headline, voices_table
    from explorer.who_speaks import find_speakers

    words = words_of(lang)
    opened = open_study(study)
    with working(words("Counting who speaks")):
        answer = find_speakers(opened)
    if communities is not None:
        with working(words("Looking for communities")):
            circles = find_circles(opened, ties=LINKS if communities is Ties.links else ANSWERS, span=answer.span)
        if format is not Format.table:
            show(circles.table, format)
            return
        if len(circles.table):
            headline = circles_headline(circles, words)
            show(circles_table(circles, words), format, title=title_of(opened, words, headline))
        for note in circles.notes:
            line(words(NOT_MEASURED[note]))
        return
    if format is not Format.table:
        show(answer.topics, format)
        return
    show(voices_table(answer, words), format, title=title_of(opened, words, voices_headline(answer, words)))
    line(inflated_sentence(answer, words))
