"""Sources of a study: which are asked, with which options, and fetching with its progress shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import streamlit as st

from explorer.collecting import collect_study
from explorer.study import Study
from explorer.study_edit import set_head, set_source
from explorer.ui.text import plain
from explorer.words import Words
from sources.collect import Progress
from sources.connector import Caps, Need, connectors, missing
from sources.errors import SourceError

#: How long a fetch in the app waits for services that ask to slow down; what is left is taken up by the next one.
PATIENCE = timedelta(minutes=1)


def sources(opened: Study, say: Words) -> None:
    """Draw the sources of a study, their options, and the button that fetches."""
    if opened.simulated:
        st.caption(say("Nothing is fetched for the example: make a study to connect sources."))
        return
    known: dict[str, Caps] = {n: k.caps for n, k in connectors().items() if not isinstance(k, SourceError)}
    chosen = st.multiselect(
        say("Ask these sources"), list(known), [n for n in opened.sources if n in known],
        format_func=lambda n: say(known[n].title), key=f"sources_{opened.path}",
    )  # fmt: skip
    wanted = {name: _source(name, known[name], dict(opened.sources.get(name, {})), say) for name in chosen}
    basis = opened.lawful_basis
    if any(table == "posts" for name in chosen for table in known[name].tables):
        basis = st.text_input(
            say("Why you may work with people’s posts"), basis, key=f"basis_{opened.path}",
            help=say("Posts are personal data. Name the lawful basis, such as legitimate interest with its assessment."),
        )  # fmt: skip
    now = {n: dict(v) for n, v in opened.sources.items() if n in known}
    if (wanted != now or basis != opened.lawful_basis) and st.button(
        say("Save the sources"), type="primary", key="save_sources"
    ):
        try:
            for name in now.keys() - wanted.keys():
                opened = set_source(opened, name, None)
            for name, options in wanted.items():
                opened = set_source(opened, name, options)
            if basis != opened.lawful_basis:
                set_head(opened, lawful_basis=basis)
        except SourceError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        st.rerun()
    if opened.sources and st.button(say("Fetch now"), icon=":material/refresh:", key="fetch"):
        _fetch(opened, say)


def _source(name: str, caps: Caps, options: dict[str, Any], say: Words) -> dict[str, Any]:
    """Draw one source and return its options as they are wanted."""
    with st.container(border=True):
        st.markdown(f"**{plain(say(caps.title))}**")
        for name_of, told in ((say("Gives"), caps.gives), (say("Limits"), caps.limits), (say("Terms"), caps.terms)):
            st.caption(plain(say("{name}: {told}", name=name_of, told=say(told))))
        if caps.options:
            with st.expander(say("Options")):
                for key, meaning in caps.options.items():
                    _option(name, key, meaning, options, say)
        for need in missing(caps, options):
            st.warning(plain(_lacks(need, say)), icon=":material/key:")
    return options


def _lacks(need: Need, say: Words) -> str:
    if need.kind == "package":
        return say(
            'The package {name} is missing: pip install "{what}".', name=need.name, what=need.variable or need.name
        )
    if need.kind == "key":
        return say(
            "{why}. It is set outside of the app, in the environment variable {name}.",
            why=say(need.why),
            name=need.variable,
        )
    return say("{why}. Write it under “Options”: {name}.", why=say(need.why), name=need.name)


def _option(source: str, key: str, meaning: str, options: dict[str, Any], say: Words) -> None:
    """Draw one option as its meaning begins (docs/connectors.md): a switch, a list, a number, or words.

    Tables and addresses of servers are left to the study file.
    """
    mark, value, told = f"{source}_{key}", options.get(key), plain(say(meaning))
    if meaning.startswith(("table of", "address of", "ws address", "where the re-check")):
        return
    if meaning.startswith(("true:", "false:")):
        default = meaning.startswith("false:")
        wanted: Any = st.checkbox(key, default if value is None else bool(value), key=mark, help=told)
        wanted = None if wanted == default else wanted
    elif meaning.startswith("list of"):
        words = st.text_input(key, ", ".join(value or []), key=mark, help=told)
        wanted = [w.strip() for w in words.split(",") if w.strip()] or None
    elif meaning.startswith("number of"):
        wanted = st.number_input(key, value=value, min_value=0, step=1, placeholder="–", key=mark, help=told)
    else:
        wanted = st.text_input(key, value or "", key=mark, help=told).strip() or None
    options.pop(key, None) if wanted is None else options.__setitem__(key, wanted)


def _fetch(opened: Study, say: Words) -> None:
    with st.status(say("Fetching"), expanded=True) as status:
        st.caption(say("It may be stopped at any moment: the next fetch goes on where this one ended."))
        bar = st.progress(0.0)

        def show(step: Progress) -> None:
            told = f"{step.source}: {step.query} · {say('{n} rows', n=say.number(step.rows, 0))} {step.note}"
            bar.progress(min(step.done / step.total, 1.0) if step.total else 0.0, plain(told))

        try:
            report = collect_study(opened, patience=PATIENCE, now=datetime.now(UTC), progress=show)
        except SourceError as error:
            status.update(label=say("Not fetched"), state="error")
            st.error(plain(str(error)), icon=":material/error:")
            return
        _told(report.rows, report.notes, say)
        for state, group in report.coverage.groupby("status"):
            if state not in ("complete", "empty"):
                names = say.list(sorted(set(group["query"]))[:5])
                st.warning(plain(f"{state}: {names}"), icon=":material/warning:")
        if report.unfinished:
            st.warning(
                say("{n} questions are left for the next fetch.", n=report.unfinished), icon=":material/schedule:"
            )
        status.update(label=say("Collected"), state="complete", expanded=True)


def _told(rows: Mapping[str, int], notes: tuple[str, ...], say: Words) -> None:
    for table, count in rows.items():
        st.markdown(plain(say("{name}: {n} rows.", name=table, n=say.number(count, 0))))
    for note in notes:
        st.caption("· " + plain(note))
