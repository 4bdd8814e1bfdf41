"""The topics of a study, each with what is searched for it and how posts speak of it: all of it can be changed here."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from explorer.proposals import topics_of_terms
from explorer.study import Study, Topic, fold
from explorer.study_edit import set_topics
from explorer.tallies import Tallies
from explorer.ui.text import plain
from explorer.words import Words
from sources import boolean
from sources.errors import SourceError
from sources.search.suggestions import GoogleSuggest

#: Proposals shown for one topic.
SHOWN = 12


def topics(opened: Study, say: Words) -> None:
    """Draw the topics as a form that writes the study file; nothing is written before it can be read."""
    if opened.simulated:
        st.caption(say("The topics of the example stay as they are: make a study to choose your own."))
        return
    with st.form("topics", border=False, enter_to_submit=False):
        edited = [_topic(t, number, say) for number, t in enumerate(opened.topics)]
        more = st.text_area(say("More topics, one a line"), key="more_topics", height=100)
        saved = st.form_submit_button(say("Save the topics"), type="primary")
    if saved:
        kept = [t for t in edited if t is not None]
        known = {t.id for t in kept}
        new = [t for t in topics_of_terms([line for line in more.splitlines() if line.strip()]) if t.id not in known]
        _save(opened, [*kept, *new], say)
    if opened.topics:
        _proposals(opened, say)


def _topic(topic: Topic, number: int, say: Words) -> Topic | None:
    """Draw one topic; None when it is to go."""
    # The keys hold what stands in the file: when that changes, the fields show it.
    mark = f"{number}_{hash((topic.id, topic.label, topic.search, topic.social))}"
    with st.container(border=True):
        label = st.text_input(say("Topic"), topic.label, key=f"label_{mark}")
        search = st.text_input(
            say("People search for"),
            ", ".join(topic.search),
            key=f"search_{mark}",
            help=say("Search terms, with commas between them."),
        )
        social = st.text_input(
            say("Posts speak of it where they hold"), topic.social, key=f"social_{mark}",
            help=say("Words and “exact phrases” with AND, OR, NOT and brackets; a star stands for any ending: install*."),
        )  # fmt: skip
        gone = st.checkbox(say("Take this topic out"), key=f"gone_{mark}")
    terms = tuple(t.strip() for t in search.split(",") if t.strip())
    return None if gone else replace(topic, label=label.strip() or topic.id, search=terms, social=social.strip())


def _save(opened: Study, wanted: list[Topic], say: Words) -> None:
    try:
        for topic in wanted:
            if topic.social:
                boolean.parse(topic.social)
        set_topics(opened, wanted)
    except SourceError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.session_state.pop("more_topics", None)
    st.rerun()


def _proposals(opened: Study, say: Words) -> None:
    """Offer queries that belong to a topic: those that files and sources have brought, and Google's if asked for."""
    with st.container(border=True):
        by_id = {t.id: t for t in opened.topics}
        chosen = by_id[
            st.selectbox(
                say("Other searches for"), list(by_id), format_func=lambda i: by_id[i].label, key="propose_for"
            )
        ]
        known = {fold(t) for t in chosen.search}
        found = [
            q
            for q in [*_stored(opened, chosen), *st.session_state.get(f"asked_{chosen.id}", [])]
            if fold(q) not in known
        ]
        if found:
            options = list(dict.fromkeys(found))[:SHOWN]
            picked = st.pills(
                say("Add to its searches"),
                options,
                selection_mode="multi",
                format_func=plain,
                key=f"pick_{chosen.id}_{len(known)}",
            )
            if picked and st.button(say("Add {n} searches", n=len(picked)), key="add_searches"):
                longer = replace(chosen, search=(*chosen.search, *picked))
                _save(opened, [longer if t.id == chosen.id else t for t in opened.topics], say)
        if st.button(say("Ask Google what people add to it"), icon=":material/search:", key="ask_google"):
            try:
                language = next(iter(opened.languages), say.language)
                asked = GoogleSuggest().suggestions(chosen.label, language=language, geo=opened.geo)
            except SourceError as error:
                st.warning(plain(str(error)), icon=":material/info:")
                return
            st.session_state[f"asked_{chosen.id}"] = asked
            st.rerun()


def _stored(opened: Study, topic: Topic) -> list[str]:
    """Queries in the store that relate to a term of the topic, most asked first."""
    queries = Tallies.of(opened).small("queries")
    terms = {fold(t) for t in topic.search}
    related = queries[queries["term"].map(fold).isin(terms) & (queries["item"] == "query")]
    return list(related.sort_values("value", ascending=False, na_position="last")["query"].drop_duplicates())
