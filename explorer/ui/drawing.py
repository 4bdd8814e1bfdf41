"""Charts with their finding in words and their numbers in a table; what was drawn once is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec

import altair as alt
import pandas as pd
import streamlit as st

from explorer.charts import to_spec
from explorer.ui.text import PageWords
from explorer.words import Words

P = ParamSpec("P")
#: A chart as Vega-Lite names it, with frames as its data.
Specification = dict[str, Any]


def chart(make: Callable[P, alt.LayerChart], *args: P.args, **named: P.kwargs) -> Specification:
    """Return the finished chart that `make` draws of this; the same data in the same language are not drawn twice."""
    return _finished(make.__name__, make, *args, **named)


def _spoken(words: Words) -> tuple[str, str]:
    return type(words).__name__, words.language


def _content(frame: pd.DataFrame) -> tuple[str, bytes]:
    # Streamlit looks at a sample of long frames only; two that differ elsewhere would share a chart.
    return str(frame.dtypes.to_dict()), pd.util.hash_pandas_object(frame).to_numpy().tobytes()


_KEYS = {pd.DataFrame: _content, Words: _spoken, PageWords: _spoken}


@st.cache_data(show_spinner=False, max_entries=300, hash_funcs=_KEYS)
def _finished(name: str, _make: Callable[..., alt.LayerChart], *args: Any, **named: Any) -> Specification:
    return to_spec(_make(*args, **named))


def draw(
    drawn: Specification, finding: str, table: pd.DataFrame, say: Words, *, key: str, select: bool = False
) -> list[str]:
    """Show a chart with the finding as its alternative text and its numbers in a table below; return the selected topics."""
    if select:
        event = st.vega_lite_chart(drawn, key=key, alt=finding, on_select="rerun", selection_mode="pick")
        chosen = [str(p["topic"]) for p in event["selection"].get("pick", []) if "topic" in p]
    else:
        st.vega_lite_chart(drawn, key=key, alt=finding)
        chosen = []
    with st.expander(say("The same as a table")):
        st.dataframe(_rounded(table), hide_index=True, key=f"{key}_table", alt=finding)
    return chosen


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    numbers = list(table.select_dtypes("number").columns)
    return table.assign(**{c: table[c].round(2) for c in numbers})
