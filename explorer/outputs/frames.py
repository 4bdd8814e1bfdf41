"""Tidy tables of the answers, and their CSV and Parquet files."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from explorer.answers import Gaps, Outlook
from explorer.campaign_views import planned_at
from explorer.campaigns import Campaign
from explorer.outputs.provenance import Provenance

SCHEMA_VERSION = 2

#: A text cell that begins like this is read as a formula by spreadsheet programs; the wide forms by those of East Asia.
#: A program that expects the other separator (semicolon in French, comma in English) cuts a cell where it stands, and a quote
#: that is not at the beginning of its cell does not hold a line together: what follows begins a cell as well.
#: OWASP, CSV Injection.
_FORMULA = re.compile(r"(?:^|(?<=[;,\t\n]))(?=[=+\-@＝＋－＠])")

FORECAST_COLUMNS = (
    "topic", "label", "series", "date", "horizon", "median", "lo80", "hi80", "lo95", "hi95", "actual", "p_widening", "model",
    "interval", "model_version", "trained_to", "n_train", "source_ids", "fetched_at", "simulated", "schema_version",
    "warning", "campaign", "command",
)  # fmt: skip


def gaps_frame(answer: Gaps, language: str, provenance: Provenance) -> pd.DataFrame:
    """Return the table of gaps with labels, one row per topic; shares as 0..1, gaps in doublings."""
    labels = {t.id: t.label_in(language) for t in answer.study.topics}
    frame = answer.table.copy()
    frame.insert(1, "label", frame["topic"].map(labels).fillna(frame["topic"]))
    frame["corrected"] = answer.corrected
    return _stamped(frame, provenance)


def forecast_frame(
    answer: Outlook, language: str, provenance: Provenance, campaigns: Sequence[Campaign] = ()
) -> pd.DataFrame:
    """Return history and projection of search, posts and gap in one long table (columns FORECAST_COLUMNS).

    Rows with `actual` are history (`horizon` 0 or less); rows with `median` are projected. Units: search in the panel's unit,
    posts in people or posts a period, gap in doublings. `campaign`: what is planned on the topic in that period.
    """
    projection = answer.projection
    labels = {t.id: t.label_in(language) for t in answer.study.topics}
    voice = "authors" if answer.corrected else "posts"
    history = [
        _history(answer.panel.search, "value", "search"),
        _history(answer.panel.social, voice, "posts"),
    ]
    future = [
        _future(projection.search, "yhat", "search"),
        _future(projection.social, "yhat", "posts"),
        _future(projection.gap, "gap", "gap"),
    ]
    frame = pd.concat([*history, *future], ignore_index=True)
    order = sorted(pd.unique(frame["date"]))
    now = projection.now
    position = {date: i for i, date in enumerate(order)}
    start = max((position[d] for d in order if d <= now), default=0)
    frame["horizon"] = frame["date"].map(position) - start
    sizes = frame[frame["actual"].notna()].groupby(["topic", "series"]).size()
    frame["n_train"] = [
        sizes.get((t, s), sizes.get((t, "search"), 0)) for t, s in zip(frame["topic"], frame["series"], strict=True)
    ]
    frame["label"] = frame["topic"].map(labels).fillna(frame["topic"])
    frame["model_version"], frame["trained_to"] = provenance.program, now
    # What is said of these topics was cut off: the history of posts, and the gap that rests on it.
    cut = frame["topic"].isin(answer.panel.capped) & frame["series"].isin(["posts", "gap"])
    frame["warning"] = cut.map({True: "capped", False: ""})
    frame["campaign"] = planned_at(frame["date"], frame["topic"], campaigns, answer.panel)
    stamped = _stamped(frame, provenance)
    stamped["schema_version"] = SCHEMA_VERSION
    return stamped.reindex(columns=list(FORECAST_COLUMNS)).sort_values(["topic", "series", "date"], ignore_index=True)


def to_csv(frame: pd.DataFrame, *, french: bool = False) -> bytes:
    """Return UTF-8 with a byte-order mark, as spreadsheet programs expect; `french`: semicolons and decimal commas."""
    safe = neutralise(frame)
    text = safe.to_csv(index=False, sep=";" if french else ",", decimal="," if french else ".", date_format="%Y-%m-%d")
    return b"\xef\xbb\xbf" + text.encode("utf-8")


def to_parquet(frame: pd.DataFrame, provenance: Provenance) -> bytes:
    """Return a Parquet file with the provenance as JSON in its metadata key "undersaid"."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    about = {
        "study": provenance.study,
        "simulated": provenance.simulated,
        "sources": list(provenance.sources),
        "fetched_at": None if provenance.fetched_at is None else provenance.fetched_at.isoformat(),
        "made_at": provenance.made_at.isoformat(),
        "method": provenance.method,
        "settings": {k: str(v) for k, v in provenance.settings.items()},
        "command": provenance.command,
        "program": provenance.program,
        "notes": list(provenance.notes),
    }
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), b"undersaid": json.dumps(about).encode()})
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def neutralise(frame: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before every text cell and header that a spreadsheet program would run as a formula."""
    out = frame.copy()
    for column in out.columns:
        kind = out[column].dtype
        if not (pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind)):
            out[column] = out[column].astype(object).map(_neutral)
    return out.rename(columns=_neutral)


def _neutral(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    # A lone carriage return is a line end to spreadsheet programs, and the csv module leaves it without quotes.
    text = _FORMULA.sub("'", re.sub(r"\r\n?", "\n", cell))
    return f"'{text}" if text[:1] in ("\t", "\n") else text


def _stamped(frame: pd.DataFrame, provenance: Provenance) -> pd.DataFrame:
    return frame.assign(
        source_ids=", ".join(provenance.sources),
        fetched_at=provenance.fetched_at,
        simulated=provenance.simulated,
        command=provenance.command,
    )


def _history(side: pd.DataFrame, column: str, series: str) -> pd.DataFrame:
    known = side[["topic", "period", column]].rename(columns={"period": "date", column: "actual"})
    return known[known["actual"].notna()].assign(series=series)


def _future(side: pd.DataFrame, column: str, series: str) -> pd.DataFrame:
    names = {"ds": "date", column: "median"}
    for level in (80, 95):
        names |= {f"{column}-lo-{level}": f"lo{level}", f"{column}-hi-{level}": f"hi{level}"}
    names |= {"members": "model"}
    kept = [c for c in ("topic", *names, "interval", "p_widening") if c in side]
    return side[kept].rename(columns=names).assign(series=series)
