"""The needs of the open study, cached; what the user says of a match; and their way out as files."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from explorer.content import stamp_of
from explorer.kept import kept
from explorer.need_matching import Matched, match_needs, with_posts
from explorer.need_views import SIDES, By, of_query, open_questions
from explorer.needs import Needs, Side, conclude, judge, judgement
from explorer.outputs.needs import needs_files, needs_provenance
from explorer.study import BadStudy, Study, read_study
from explorer.tallies import Tallies
from explorer.ui.answers import key_of
from explorer.ui.exports import offer
from explorer.ui.links import link
from explorer.ui.text import plain
from explorer.words import Words

_SESSION = "judgements"


@st.cache_data(max_entries=24, ttl="2h", show_spinner=False)
@kept
def _matched(
    path: str, version: str, study_text: str, *, topic: str, pages: tuple[object, ...], posts: bool = True
) -> Matched:
    if not posts:
        return match_needs(read_study(path), topic=topic, posts=False)
    return with_posts(_matched(path, version, study_text, topic=topic, pages=pages, posts=False))


@st.cache_data(max_entries=48, ttl="2h", show_spinner=False)
@kept
def _concluded(
    path: str,
    version: str,
    study_text: str,
    *,
    topic: str,
    pages: tuple[object, ...],
    posts: bool,
    judgements: pd.DataFrame,
) -> Needs:
    return conclude(_matched(path, version, study_text, topic=topic, pages=pages, posts=posts), judgements)


def needs_of(opened: Study, topic: str = "", *, posts: bool = True) -> Needs:
    """Return the needs of a study, or of one topic, from the cache; the user's answers change the chances and no match.

    `posts` False: what the pages answer, before the posts are read; it is the same in the whole answer.
    """
    path, version, text = key_of(opened)
    # The last part of the version is that of the answers themselves: they change no match.
    data, judged = version.rpartition(".")[0], _judgements(opened)
    return _concluded(path, data, text, topic=topic, pages=stamp_of(opened), posts=posts, judgements=judged)


def _judgements(opened: Study) -> pd.DataFrame:
    stored = Tallies.of(opened).small("judgements")
    own = st.session_state.get(_SESSION)
    # Nothing is ever added to the example: what is said of it lasts as long as the session.
    return pd.concat([stored, own], ignore_index=True) if opened.simulated and own is not None else stored


def confirm(opened: Study, answer: Needs, need: pd.Series, by: By, say: Words) -> None:
    """Show one need beside its best match, and take the user's word on whether the one answers the other."""
    side, _ = SIDES[by]
    row = of_query(answer, str(need["query"]))
    with st.container(border=True, key="confirm"):
        st.markdown(f"**{plain(str(row['query']))}**")
        st.caption(say("Best match on your pages:") if side == "served" else say("Best match among the posts:"))
        if not isinstance(row[f"{side}_match"], str):
            st.markdown(say("Nothing shares a word with it."))
            return
        st.text(row[f"{side}_match"])
        if side == "served" and isinstance(row["served_page"], str):
            st.caption(plain(row["served_page"]))
        with st.container(horizontal=True, key="answers"):
            for yes, label, icon in (
                (True, say("Yes, it answers"), ":material/check:"),
                (False, say("No, it does not"), ":material/close:"),
            ):
                st.button(
                    label,
                    key=f"answer_{yes}",
                    icon=icon,
                    on_click=_keep,
                    args=(opened, row, side),
                    kwargs={"answers": yes},
                )
        st.caption(say("Your answers so far: {n}. Each one narrows the chance of all needs.", n=answer.judged[side]))


def _keep(opened: Study, row: pd.Series, side: Side, *, answers: bool) -> None:
    if not opened.simulated:
        judge(opened, row, side, answers=answers, now=datetime.now(UTC))
        return
    new, old = judgement(row, side, answers=answers), st.session_state.get(_SESSION)
    both = new if old is None else pd.concat([old, new], ignore_index=True)
    st.session_state[_SESSION] = both.drop_duplicates(["query", "side", "document"], keep="last")


def asked_about(opened: Study, topic: str, label: str, say: Words) -> None:
    """Show the questions of a topic that no page answers or nobody says, each side with its verdict."""
    try:
        answer = needs_of(opened, topic)
    except BadStudy:
        return  # no queries of this topic are stored; the page of needs says what to import
    table = open_questions(answer, say)
    if table.empty:
        return
    told = say("Questions on {topic} that no page answers, or no post speaks of", topic=label)
    st.subheader(told)
    st.dataframe(table, hide_index=True, key="questions", alt=told)
    link("needs", say("See all needs"), icon=":material/contact_support:")


def export_needs(answer: Needs, say: Words) -> None:
    """Offer the table of needs in every format; the files are made when they are asked for."""
    now = datetime.now(UTC)
    words = Words(say.language)
    offer(needs_files(answer, words, now), needs_provenance(answer, words, now).command, say)
