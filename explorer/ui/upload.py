"""Bringing files in: what was recognised is shown, and can be corrected, before anything is stored."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from explorer.importing import import_bytes, recall
from explorer.study import Study
from explorer.ui.links import link
from explorer.ui.session import own_study, study
from explorer.ui.text import plain
from explorer.words import Words
from sources.errors import SourceError
from sources.exports import Mapping, Proposal, propose
from sources.exports.columns import FIELDS

_KINDS = ("", "interest", "counts", "posts", "content")


def upload(say: Words) -> None:
    """Draw the upload, show for every file what it would become, and import on demand."""
    files = st.file_uploader(
        say("Files (CSV, TSV, XLSX, Parquet, NDJSON)"), accept_multiple_files=True, key="files", max_upload_size=500
    )
    ready: list[tuple[str, bytes, Mapping]] = []
    for at, file in enumerate(files or ()):
        with st.container(border=True):
            st.markdown(f"**{plain(file.name)}**")
            content = file.getvalue()
            try:
                mapping = _corrected(file.name, content, at, say)
                proposal = propose(file.name, content, mapping)
            except SourceError as error:
                st.error(plain(str(error)), icon=":material/error:")
                continue
            if proposal.question:
                st.warning(plain(proposal.question), icon=":material/help:")
                continue
            _preview(proposal, at, say)
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


def _kind_names(say: Words) -> dict[str, str]:
    return {
        "": say("as recognised"),
        "interest": say("searches"),
        "counts": say("counts of posts"),
        "posts": say("posts"),
        "content": say("own pages"),
        "queries": say("queries"),
        "regions": say("places"),
    }


def _corrected(name: str, content: bytes, at: int, say: Words) -> Mapping:
    """Return how the user wants the file read: what was remembered for such headers, then what is chosen here."""
    first = propose(name, content)
    start = recall(study(), first.fingerprint) or Mapping()
    names = _kind_names(say)
    orders = {"": say("as recognised"), "dmy": say("day, month, year"), "mdy": say("month, day, year")}
    with st.container(horizontal=True, key=f"correct_{at}"):
        kind = st.selectbox(
            say("This file holds"), _KINDS, _at(_KINDS, start.kind), format_func=lambda k: names[k], key=f"kind_{at}"
        )
        order = st.selectbox(
            say("Dates are written"),
            list(orders),
            _at(tuple(orders), start.date_order),
            format_func=lambda k: orders[k],
            key=f"order_{at}",
        )
    chosen = {**start.to_dict(), "kind": kind, "date_order": order}
    mapping = Mapping.of({k: v for k, v in chosen.items() if v})
    seen = propose(name, content, mapping)
    if seen.columns:
        mapping = _columns(seen, mapping, at, say)
    return mapping


def _columns(seen: Proposal, mapping: Mapping, at: int, say: Words) -> Mapping:
    """Let the user say what each column is; only what was changed enters the mapping."""
    with st.expander(say("Columns, and what they are taken for")):
        table = pd.DataFrame(
            {
                say("Column"): [c.header for c in seen.columns],
                say("Taken for"): [c.field or "" for c in seen.columns],
                say("Values"): [" · ".join(c.samples) for c in seen.columns],
            }
        )
        fields = ["", *FIELDS.get(seen.kind or "posts", {}), *sorted({c.field for c in seen.columns if c.field})]
        edited = st.data_editor(
            table,
            hide_index=True,
            disabled=[say("Column"), say("Values")],
            column_config={say("Taken for"): st.column_config.SelectboxColumn(options=list(dict.fromkeys(fields)))},
            key=f"columns_{at}",
        )
    changed = edited[edited[say("Taken for")] != table[say("Taken for")]]
    if changed.empty:
        return mapping
    known = set(FIELDS.get(seen.kind or "posts", {}))
    columns = dict(mapping.columns) | {
        field: header
        for header, field in zip(edited[say("Column")], edited[say("Taken for")], strict=True)
        if field in known
    }
    return Mapping.of({**mapping.to_dict(), "columns": columns})


def _at(options: tuple[str, ...], value: str | None) -> int:
    return options.index(value) if value in options else 0


def _preview(proposal: Proposal, at: int, say: Words) -> None:
    kind = _kind_names(say)[proposal.kind or ""]
    rows = say.number(proposal.rows, 0)
    told = say("Recognised as {kind}: {n} lines.", kind=kind, n=rows)
    st.caption(told if proposal.whole else say("Recognised as {kind}, from the first {n} lines.", kind=kind, n=rows))
    for note in proposal.notes:
        st.caption("· " + plain(note))
    shown = proposal.table.dropna(axis=1, how="all").head(5)
    st.dataframe(shown, hide_index=True, key=f"preview_{at}", alt=say("First rows as they were read."))
    if len(proposal.rejected):
        n = say.number(proposal.rejected["row"].nunique(), 0)
        st.warning(say("{n} rows with refused cells. The first of them:", n=n))
        st.dataframe(proposal.rejected.head(5), hide_index=True, key=f"rejected_{at}", alt=say("Refused rows."))


def _import(ready: list[tuple[str, bytes, Mapping]], say: Words) -> None:
    target = own_study()
    with st.status(say("Importing"), expanded=True) as status:
        for name, content, mapping in ready:
            try:
                given = mapping if mapping.to_dict() else None
                done = import_bytes(target, name, content, mapping=given, now=datetime.now(UTC))
            except SourceError as error:
                st.error(plain(str(error)))
                continue
            target = done.study
            if done.receipt.already:
                st.markdown(plain(say("{name}: imported before, nothing has changed.", name=name)))
            else:
                st.markdown(plain(say("{name}: {n} rows.", name=name, n=say.number(done.receipt.rows, 0))))
            if done.proposed:
                topics = say.list([t.label for t in done.proposed])
                st.markdown(plain(say("Topics found on both sides: {topics}.", topics=topics)))
        status.update(label=say("Imported"), state="complete", expanded=True)
    link("gaps", say("See the gaps"), icon=":material/compare_arrows:")
