"""The part of a page that takes the searches for a topic apart."""

from __future__ import annotations

import streamlit as st

from explorer import charts
from explorer.explaining import explain_search
from explorer.study import Study, read_study
from explorer.ui.answers import key_of, panel_of
from explorer.ui.drawing import chart, draw
from explorer.words import Words
from forecasting.errors import TooLittleData
from forecasting.explanation import Explanation


def explained(opened: Study, topic: str, say: Words) -> None:
    """Show trend, bends, seasons and holidays of the searches for a topic, once asked for: the fit takes seconds."""
    with st.expander(say("What the searches are made of")):
        if not st.toggle(say("Take them apart with Prophet"), key="apart"):
            return
        try:
            found = _explanation(*key_of(opened), topic=topic)
        except TooLittleData:
            st.info(say("Too few periods to take this topic apart: at least 20 are needed."))
            return
        told = say("Trend of the searches, with the dates at which it bends.")
        draw(
            chart(charts.trend, found.path, found.changepoints, say, title=say("Search")),
            told,
            found.path,
            say,
            key="trend",
        )
        names = {"weekly": say("Over the week"), "yearly": say("Over the year"), "daily": say("Over the day")}
        unit = say("times the trend") if found.factors else say("above the trend")
        for name, cycle in found.seasons.groupby("season"):
            drawn = chart(charts.season, cycle, say, title=unit, factors=found.factors)
            draw(drawn, names[str(name)], cycle, say, key=f"season_{name}")
        if len(found.holidays):
            columns = {"event": say("Holiday"), "effect": unit, "n": say("Times seen")}
            st.dataframe(
                found.holidays.rename(columns=columns),
                hide_index=True,
                key="holidays",
                alt=say("Effect of each holiday."),
            )
        st.caption(
            say(
                "Prophet explains {share} of the variation over {n} periods. Its forecasts count by their record only.",
                share=say.percent(found.share_explained, 0),
                n=found.n,
            )
        )


@st.cache_data(max_entries=24, ttl="2h", show_spinner=False)
def _explanation(path: str, version: str, study_text: str, *, topic: str) -> Explanation:
    opened = read_study(path)
    return explain_search(opened, panel_of(opened), topic)
