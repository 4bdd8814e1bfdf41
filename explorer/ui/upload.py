"""Bringing files in: what was recognised is shown before anything is stored."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from explorer.importing import import_bytes
from explorer.study import Study
from explorer.ui.session import own_study
from explorer.ui.text import plain
from explorer.words import Words
from sources.errors import SourceError
from sources.exports import Mapping, Reading
from sources.exports.reader import read_bytes

_KINDS = ("", "interest", "counts", "posts", "content")


def upload(say: Words) -> None:
    """Draw the upload, show for every file what it would become, and import on demand."""
    files = st.file_uploader(
        say("Files (CSV, TSV, XLSX, Parquet, NDJSON)"), accept_multiple_files=True, key="files", max_upload_size=500
    )
    if not files:
        return
    ready: list[tuple[str, bytes, Mapping]] = []
    for at, file in enumerate(files):
        with st.container(border=True):
            st.markdown(f"**{plain(file.name)}**")
            mapping = _corrections(at, say)
            content = file.getvalue()
            try:
                reading = read_bytes(file.name, content, mapping=mapping if mapping.to_dict() else None)
            except SourceError as error:
                st.error(str(error), icon=":material/error:")
                continue
            _preview(reading, at, say)
            ready.append((file.name, content, mapping))
    if ready and st.button(say("Import {n} files", n=len(ready)), type="primary", key="import"):
        _import(ready, say)


def stored(opened: Study, say: Words) -> pd.DataFrame:
    """Return what the store of a study holds, one row per batch."""
    kinds = {"interest": say("Search"), "posts": say("Posts"), "counts": say("Counts"), "queries": say("Queries")}
    kinds |= {"regions": say("Places"), "content": say("Own pages")}
    parts = [opened.store.batches(table).assign(kind=name) for table, name in kinds.items()]
    known = [p for p in parts if len(p)]
    if not known:
        return pd.DataFrame()
    frame = pd.concat(known, ignore_index=True).sort_values("fetched_at", ascending=False)
    return pd.DataFrame(
        {
            say("Table"): frame["kind"],
            say("Source"): frame["source"],
            say("Rows"): frame["rows"],
            say("Fetched"): [say.date(t) for t in frame["fetched_at"]],
        }
    )


def _corrections(at: int, say: Words) -> Mapping:
    names = {
        "": say("as recognised"),
        "interest": say("searches"),
        "counts": say("counts of posts"),
        "posts": say("posts"),
        "content": say("own pages"),
    }
    orders = {"": say("as recognised"), "dmy": say("day, month, year"), "mdy": say("month, day, year")}
    with st.container(horizontal=True, key=f"correct_{at}"):
        kind = st.selectbox(say("This file holds"), _KINDS, format_func=lambda k: names[k], key=f"kind_{at}")
        order = st.selectbox(say("Dates are written"), list(orders), format_func=lambda k: orders[k], key=f"order_{at}")
    return Mapping.of({k: v for k, v in {"kind": kind, "date_order": order}.items() if v})


def _preview(reading: Reading, at: int, say: Words) -> None:
    names = {
        "interest": say("searches"),
        "counts": say("counts of posts"),
        "posts": say("posts"),
        "content": say("own pages"),
        "queries": say("queries"),
        "regions": say("places"),
    }
    st.caption(say("Recognised as {kind}: {n} rows.", kind=names[reading.kind], n=say.number(len(reading.table), 0)))
    for note in reading.notes:
        st.caption("· " + plain(note))
    shown = reading.table.dropna(axis=1, how="all").head(5)
    st.dataframe(shown, hide_index=True, key=f"preview_{at}", alt=say("First rows as they were read."))
    if len(reading.rejected):
        st.warning(say("{n} cells or rows were refused. The first of them:", n=say.number(len(reading.rejected), 0)))
        st.dataframe(reading.rejected.head(5), hide_index=True, key=f"rejected_{at}", alt=say("Refused rows."))


def _import(ready: list[tuple[str, bytes, Mapping]], say: Words) -> None:
    target = own_study()
    with st.status(say("Importing"), expanded=True) as status:
        for name, content, mapping in ready:
            try:
                done = import_bytes(
                    target, name, content, mapping=mapping if mapping.to_dict() else None, now=datetime.now(UTC)
                )
            except SourceError as error:
                st.error(str(error))
                continue
            target = done.study
            if done.receipt.already:
                st.markdown(plain(say("{name}: imported before, nothing has changed.", name=name)))
            else:
                st.markdown(plain(say("{name}: {n} rows.", name=name, n=say.number(done.receipt.rows, 0))))
            if done.proposed:
                st.markdown(
                    plain(
                        say("Topics found on both sides: {topics}.", topics=say.list([t.label for t in done.proposed]))
                    )
                )
        status.update(label=say("Imported"), state="complete")
    st.session_state["own_study"] = str(target.path)
