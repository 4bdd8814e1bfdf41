"""Where an export comes from: study, sources, age, method, settings, and the command that makes it again."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version

import pandas as pd

from explorer.answers import Gaps, Outlook
from explorer.phrases import NOTES
from explorer.sentences import cut_off
from explorer.words import Words

#: Libraries whose version can change a forecast.
MODELS = ("statsmodels", "scikit-learn", "prophet", "numpy")


@dataclass(frozen=True)
class Provenance:
    """What an export says about itself. `settings` are the arguments that the numbers depend on.

    `caution` is what must stand beside the numbers themselves, also on a slide, a picture or in a calendar: data that were cut
    off look like silence.
    """

    study: str
    simulated: bool
    sources: tuple[str, ...]
    fetched_at: pd.Timestamp | None
    made_at: datetime
    method: str
    command: str
    settings: dict[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    caution: str = ""
    program: str = field(default_factory=lambda: _versions("undersaid"))

    def pairs(self, words: Words) -> list[tuple[str, str]]:
        """Return label and value of every line of an About sheet."""
        lines = [
            (words("Study"), self.study),
            (words("Data"), words("Example data, simulated") if self.simulated else words("Real data")),
            (words("Sources"), ", ".join(self.sources) or "–"),
            (words("Fetched"), words.date(self.fetched_at)),
            (words("Made"), f"{self.made_at:%Y-%m-%d %H:%M} UTC"),
            (words("Method"), self.method),
            (words("Settings"), ", ".join(f"{k} = {v}" for k, v in self.settings.items())),
            (words("Program"), self.program),
            (words("To make it again"), self.command),
        ]
        noted = [self.caution, *self.notes] if self.caution else self.notes
        return lines + [(words("Note"), note) for note in noted]


def gaps_provenance(answer: Gaps, words: Words, now: datetime) -> Provenance:
    """Return the provenance of a table of gaps."""
    settings: dict[str, object] = {"window": answer.window, "level": answer.level, "corrected": answer.corrected}
    raw = "" if answer.corrected or answer.panel.voice != "people" else " --raw"
    return Provenance(
        study=answer.study.name,
        simulated=answer.study.simulated,
        sources=answer.panel.sources,
        fetched_at=answer.panel.fetched_at,
        made_at=now,
        method=words("gap = log2(share of search / share of voice), forecasting.gap"),
        command=f"undersaid gaps --study {_place(answer)} --window {answer.window} --level {answer.level:g}{raw}",
        settings=settings,
        notes=_notes(answer, words),
        caution=cut_off(answer.study, answer.panel, words),
    )


def outlook_provenance(answer: Outlook, words: Words, now: datetime) -> Provenance:
    """Return the provenance of a projection."""
    raw = "" if answer.corrected or answer.panel.voice != "people" else " --raw"
    return Provenance(
        study=answer.study.name,
        simulated=answer.study.simulated,
        sources=answer.panel.sources,
        fetched_at=answer.panel.fetched_at,
        made_at=now,
        method=words("ensemble weighted by rolling-origin backtest, conformal intervals, forecasting.projection"),
        command=f"undersaid forecast --study {_place(answer)} --horizon {answer.horizon}{raw}",
        settings={
            "horizon": answer.horizon,
            "smooth": answer.projection.smooth,
            "trained_to": f"{answer.projection.now:%Y-%m-%d}",
            "corrected": answer.corrected,
        },
        notes=_notes(answer, words) + tuple(str(n) for n in answer.projection.notes),
        program=_versions("undersaid", *MODELS),
        caution=cut_off(answer.study, answer.panel, words),
    )


def _notes(answer: Gaps | Outlook, words: Words) -> tuple[str, ...]:
    return tuple(words(NOTES[n.code], **n.details) if n.details else words(NOTES[n.code]) for n in answer.panel.notes)


def _place(answer: Gaps | Outlook) -> str:
    # The folder's own name, never the whole path: an export is passed on to people who should not learn the user's disk.
    return shlex.quote(answer.study.path.parent.name)


def _versions(program: str, *libraries: str) -> str:
    """Return a program's name and version, with those of libraries in brackets."""
    named = [f"{name} {version(name)}" for name in (program, *libraries)]
    return f"{named[0]} ({', '.join(named[1:])})" if libraries else named[0]
