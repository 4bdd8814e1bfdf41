"""The table of needs as it is taken away: tidy frame, provenance, files."""

from __future__ import annotations

import shlex
from datetime import datetime

import pandas as pd

from explorer.needs import Needs
from explorer.outputs.frames import to_csv, to_parquet
from explorer.outputs.provenance import Provenance
from explorer.outputs.report import Files
from explorer.outputs.workbook import table_workbook
from explorer.words import Words

COLUMNS = (
    "topic", "label", "name", "n_queries", "lang", "intent", "question", "volume", "volume_lo", "volume_hi", "unit",
    "growth", "growth_lo", "growth_of", "season", "season_peak", "season_months", "season_times", "season_lo", "season_hi",
    "season_years", "season_of", "places", "places_of", "served", "served_sure", "p_served", "served_lo", "served_hi",
    "served_why", "served_page", "served_match", "unserved", "unserved_lo", "unserved_hi", "unserved_rank", "said",
    "said_sure", "p_said", "said_lo", "said_hi", "said_why", "said_warning", "n_texts", "unspoken", "unspoken_lo",
    "unspoken_hi", "unspoken_rank", "method", "source_ids", "fetched_at", "simulated",
)  # fmt: skip


def needs_frame(answer: Needs, language: str, *, by: str = "unserved") -> pd.DataFrame:
    """Return one row per need (columns COLUMNS), best rank `by` "unserved" or "unspoken" first.

    Texts of posts are other people's words and are left out; pages of the brand are its own and are kept.
    """
    labels = {t.id: t.label_in(language) for t in answer.study.topics}
    frame = answer.table.assign(
        label=answer.table["topic"].map(labels).fillna(""),
        method="p_answered, explorer.needs",
        source_ids=", ".join(answer.sources),
        fetched_at=answer.fetched_at,
        simulated=answer.study.simulated,
    )
    return frame.sort_values(f"{by}_rank", na_position="last").reindex(columns=list(COLUMNS)).reset_index(drop=True)


def needs_provenance(answer: Needs, words: Words, now: datetime) -> Provenance:
    """Return the provenance of a table of needs."""
    few = words("The chance is the default of another collection until you confirm matches: order first, then look.")
    return Provenance(
        study=answer.study.name,
        simulated=answer.study.simulated,
        sources=answer.sources,
        fetched_at=answer.fetched_at,
        made_at=now,
        method=words("chance that the best match answers the query, explorer.needs"),
        command=f"undersaid needs --study {shlex.quote(answer.study.path.parent.name)} --level {answer.level:g}",
        settings={
            "level": answer.level,
            "pages": answer.n_pages,
            **{f"judged_{k}": v for k, v in answer.judged.items()},
        },
        notes=() if min(answer.judged.values()) else (few,),
    )


def needs_files(answer: Needs, words: Words, now: datetime, *, french: bool | None = None) -> Files:
    """Return the files of the needs, made when they are asked for."""
    frame, about = needs_frame(answer, words.language), needs_provenance(answer, words, now)
    comma = words.language == "fr" if french is None else french
    return {
        "needs.csv": lambda: to_csv(frame, french=comma),
        "needs.xlsx": lambda: table_workbook(frame, words("Needs"), about, words),
        "needs.parquet": lambda: to_parquet(frame, about),
    }
