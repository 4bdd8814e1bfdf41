"""Who speaks as it is taken away: every topic raw beside corrected, as a table and as a picture."""

from __future__ import annotations

from explorer import charts
from explorer.outputs.frames import to_csv
from explorer.outputs.report import Files
from explorer.voice_views import shares
from explorer.who_speaks import Speakers
from explorer.words import Words


def voices_files(answer: Speakers, words: Words, *, french: bool | None = None) -> Files:
    """Return the files of who speaks, made when they are asked for."""
    table = answer.topics.assign(sources=", ".join(answer.panel.sources), simulated=answer.study.simulated)
    comma = words.language == "fr" if french is None else french
    drawn = charts.dumbbell(shares(answer, words), words)
    return {
        "voices.csv": lambda: to_csv(table, french=comma),
        "voices.svg": lambda: charts.to_svg(drawn, words).encode(),
        "voices.png": lambda: charts.to_png(drawn, words),
    }
