"""Needs on the command line."""

from __future__ import annotations

from enum import StrEnum
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
    open_study,
    show,
    title_of,
    words_of,
    working,
)
from explorer.commands.needs_further import View, show_further


class By(StrEnum):
    """What the needs are ranked by."""

    unserved = "unserved"
    unspoken = "unspoken"


def needs(
    study: StudyOption = Path(),
    by: Annotated[By, typer.Option(help="Rank what no page answers, or what no post says.")] = By.unserved,
    top: Annotated[int, typer.Option(min=1, help="Rows of the printed table; csv and json hold all.")] = 20,
    view: Annotated[View, typer.Option(help="The ranking, or what lies around it.")] = View.ranking,
    topic: Annotated[str, typer.Option(help="Id of a topic: of the concerns, or of the places of the silent.")] = "",
    stakeholder: Annotated[str, typer.Option(help="Concerns by author_kind, community, platform, size or brand.")] = "",
    level: Annotated[float, typer.Option(min=0.5, max=0.999, help="Coverage of the intervals.")] = 0.9,
    format: FormatOption = Format.table,
    lang: LangOption = "",
) -> None:
    """Rank what people search for by how surely no page answers it, or nobody says it."""
    from explorer.need_phrases import DOUBTS, NEED_VERDICTS
    from explorer.needs import find_needs
    from explorer.outputs.needs import needs_frame
    from explorer.phrases import CERTAINTIES

    words = words_of(lang)
    opened = open_study(study)
    if view is not View.ranking:
        show_further(view, opened, topic=topic, by=stakeholder, level=level, format=format, words=words)
        return
    with working(words("Finding the needs")):
        answer = find_needs(opened, topic=topic, level=level)
    frame = needs_frame(answer, words.language, by=by.value)
    if format is not Format.table:
        show(frame, format)
        return
    side, column = ("served", "served") if by is By.unserved else ("said", "said")
    matches = answer.table.set_index("name")[f"{side}_match"]
    rows = [
        {
            words("Need"): row["name"],
            words("Topic"): row["label"],
            words("Searches a month"): words.number(row["volume"], 0) if row["unit"] == "searches" else "–",
            words("Verdict"): words(NEED_VERDICTS[row[column]]),
            words("Sure?"): words(CERTAINTIES[row[f"{side}_sure"]]) if row[column] != "cannot tell" else "",
            words("Chance of an answer"): words.percent(row[f"p_{side}"], 0),
            words("Interval"): f"{words.percent(row[f'{side}_lo'], 0)} … {words.percent(row[f'{side}_hi'], 0)}",
            words("Best match"): _cut(matches.get(row["name"])),
        }
        for row in frame.head(top).to_dict("records")
    ]
    show(pd.DataFrame(rows), format, title=title_of(answer.study, words, words("Needs of {study}", study=opened.name)))
    for code in dict.fromkeys([*frame[f"{side}_why"], *(frame["said_warning"] if side == "said" else ())]):
        if code:
            line("· " + words(DOUBTS[code]), "dim")
    if not answer.judged[side]:
        line(
            "· "
            + words(
                "The chance is the default of another collection until you confirm matches: order first, then look."
            ),
            "dim",
        )


def _cut(text: object) -> str:
    shown = " ".join(str(text).split()) if isinstance(text, str) else "–"
    return shown if len(shown) <= 90 else shown[:89] + "…"
