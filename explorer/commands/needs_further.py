"""What lies around the needs, on the command line: concerns, alternatives, what rises, and who never speaks."""

from __future__ import annotations

from enum import StrEnum

import pandas as pd

from explorer.commands.console import Format, line, show, title_of, working
from explorer.study import BadStudy, Study
from explorer.words import Words


class View(StrEnum):
    """What is shown of the needs of a study."""

    ranking = "ranking"
    concerns = "concerns"
    alternatives = "alternatives"
    emerging = "emerging"
    silent = "silent"


def show_further(view: View, study: Study, *, topic: str, by: str, level: float, format: Format, words: Words) -> None:
    """Print one of the views but the ranking."""
    title = title_of(study, words, words("Needs of {study}", study=study.name))
    with working(words("Counting")):
        frames, notes = _FRAMES[view](study, topic, by, level, words, raw=format is not Format.table)
    for number, frame in enumerate(frames):
        # A program reads one table; the others of a view are for people.
        if number == 0 or format is Format.table:
            show(frame, format, title=title if number == 0 else "")
    if format is Format.table:
        for note in notes:
            line("· " + note, "dim")


Shown = tuple[list[pd.DataFrame], list[str]]


def _concerns(study: Study, topic: str, by: str, level: float, words: Words, *, raw: bool) -> Shown:
    from explorer import further_views as views
    from explorer.concerns import KINDS, concerns

    if not topic:
        raise BadStudy(
            "concerns are those of one topic", "--topic", f"name one of {', '.join(t.id for t in study.topics)}"
        )
    if by and by not in KINDS:
        raise BadStudy(f"{by!r} tells no stakeholders apart", "--stakeholder", f"choose one of {', '.join(KINDS)}")
    answer = concerns(study, topic, by=by, level=level)
    if raw:
        moves = answer.moves.drop(columns=["lo", "hi"]).rename(columns={"verdict": "move"})
        return [answer.table.merge(moves, on="concern", how="left").assign(topic=topic)], []
    frames = [views.concerns(answer, words), views.stakeholders(answer, words)]
    skipped = [words("Too near an edge of the posts to compare: {event}.", event=e) for e in answer.skipped]
    return [f for f in frames if not f.empty] or frames[:1], [
        words("{people} people and {posts} posts were read.", people=answer.people, posts=answer.posts), *skipped
    ]  # fmt: skip


def _alternatives(study: Study, topic: str, by: str, level: float, words: Words, *, raw: bool) -> Shown:
    from explorer import further_views as views
    from explorer.alternatives import alternatives

    answer = alternatives(study, level=level)
    if raw:
        shares = answer.shares.drop(columns=["verdict"])
        return [answer.leaving.merge(shares, on="brand", how="left")], []
    frames = [views.switches(answer, words), views.shares(answer, words), views.together(answer, words)]
    return frames, [answer.why] if answer.why else []


def _emerging(study: Study, topic: str, by: str, level: float, words: Words, *, raw: bool) -> Shown:
    from explorer import further_views as views
    from explorer.emerging import find_emerging

    answer = find_emerging(study, level=level)
    if raw:
        return [answer.table.assign(false_share=answer.backtest["false_share"], alarms=answer.backtest["alarms"])], []
    return [views.rising(answer, views.labels(study, words), words)], [views.false_alarms(answer, words)]


def _silent(study: Study, topic: str, by: str, level: float, words: Words, *, raw: bool) -> Shown:
    from explorer import further_views as views
    from explorer.silent import silent_audience

    answer = silent_audience(study, level=level)
    if raw:
        return [answer.table], []
    frames = [views.silence(answer, None, views.labels(study, words), words)]
    if topic:
        own = views.places(answer, study.topic(topic).id, words)
        frames.append(own[["place", "gap", "lo", "hi", "people", "verdict_words"]].round(2))
    return frames, [
        words("It rests on two assumptions: 1 to 4 searches a person and month, 5 to 100% of speakers seen.")
    ]


_FRAMES = {
    View.concerns: _concerns,
    View.alternatives: _alternatives,
    View.emerging: _emerging,
    View.silent: _silent,
}
