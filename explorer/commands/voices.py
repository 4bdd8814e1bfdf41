"""Who speaks, on the command line."""

from __future__ import annotations

from pathlib import Path

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


def voices(study: StudyOption = Path(), format: FormatOption = Format.table, lang: LangOption = "") -> None:
    """Set every topic's share of posts beside its share of people, loud accounts and coordinated groups counted once."""
    from explorer.voice_views import inflated_sentence, voices_headline, voices_table
    from explorer.who_speaks import find_speakers

    words = words_of(lang)
    opened = open_study(study)
    with working(words("Counting who speaks")):
        answer = find_speakers(opened)
    if format is not Format.table:
        show(answer.topics, format)
        return
    show(voices_table(answer, words), format, title=title_of(opened, words, voices_headline(answer, words)))
    line(inflated_sentence(answer, words))
