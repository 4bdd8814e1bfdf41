"""What every chart shares: colours, axes, titles, and its way out as a specification, SVG or PNG."""

from __future__ import annotations

import textwrap
import threading
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd
import vl_convert
from altair.utils import schemapi

from explorer.words import Words

# A chart is held against its schema whole when it goes out; once more for each of its parts would double that.
schemapi.disable_debug_mode()

#: Altair keeps for the whole process how it treats data: no chart may leave while another one changes that.
_ALONE = threading.Lock()

#: Okabe & Ito (2008). The pair keeps a distance of 92 or more (Delta-E 76) under every kind of colour vision.
SEARCH, POSTS, GAP, GREY = "#0072B2", "#D55E00", "#009E73", "#8A949C"
VERDICT_COLOURS = {"silent": SEARCH, "loud": POSTS, "balanced": GAP, "cannot tell": GREY}
VERDICT_SHAPES = {"silent": "triangle-right", "loud": "triangle-left", "balanced": "diamond", "cannot tell": "circle"}

#: Vega expression that writes a number of doublings as a factor: 1 -> x2.
FACTOR = (
    "datum.value == 0 ? '=' : '×' + format(pow(2, abs(datum.value)), pow(2, abs(datum.value)) < 10 ? '.2~r' : '.0f')"
)


def time_axis() -> alt.X:
    """Return the axis of time that every chart over time shares."""
    return alt.X("date:T", title=None, axis=alt.Axis(tickCount=6, labelFlush=True, format="%b %y"))


def sides(words: Words) -> str:
    """Return the title that says which side of a gap is which."""
    return "← " + words("spoken of more") + "     |     " + words("searched more") + " →"


def dressed(chart: alt.LayerChart, words: Words) -> alt.LayerChart:
    """Return a chart in the house style, its numbers and dates in the language."""
    return (
        chart.configure_view(strokeWidth=0)
        .configure(locale=_locale(words.locale))
        .configure_axis(labelFontSize=12, titleFontSize=12)
    )


@lru_cache(maxsize=4)
def _locale(name: str) -> Any:
    tag: Any = name.replace("_", "-")
    numbers, times = vl_convert.get_format_locale(tag), vl_convert.get_time_format_locale(tag)
    return alt.Locale(number=alt.NumberLocale(**numbers), time=alt.TimeLocale(**times))


def to_spec(chart: alt.LayerChart) -> dict[str, Any]:
    """Return a chart as a Vega-Lite specification whose `datasets` are the frames themselves, named in their order."""
    frames: list[pd.DataFrame] = []
    with _ALONE, alt.theme.enable("none"), alt.data_transformers.enable("apart", frames=frames):
        drawn: dict[str, Any] = chart.to_dict()
    drawn["datasets"] = {**drawn.get("datasets", {}), **{_name(n): frame for n, frame in enumerate(frames)}}
    return drawn


def _apart(data: pd.DataFrame, *, frames: list[pd.DataFrame]) -> dict[str, str]:
    """Keep the frame of a layer apart and refer to it by name; a frame that several layers share is kept once."""
    for n, frame in enumerate(frames):
        if frame is data:
            return {"name": _name(n)}
    frames.append(data)
    return {"name": _name(len(frames) - 1)}


def _name(number: int) -> str:
    # The same name from one turn to the next: the browser then exchanges data and does not draw everything anew.
    return f"frame {number}"


alt.data_transformers.register("apart", _apart)


def to_svg(chart: alt.LayerChart, words: Words, *, caution: str = "") -> str:
    """Return a chart as SVG with numbers and dates of the language; drawn without a browser. `caution` stands above it."""
    tag: Any = words.locale.replace("_", "-")
    return str(vl_convert.vegalite_to_svg(_cautioned(chart, caution), format_locale=tag, time_format_locale=tag))


def to_png(chart: alt.LayerChart, words: Words, *, scale: float = 2.0, caution: str = "") -> bytes:
    """Return a chart as PNG at `scale` times its size on screen; drawn without a browser. `caution` stands above it."""
    tag: Any = words.locale.replace("_", "-")
    drawn: bytes = vl_convert.vegalite_to_png(
        _cautioned(chart, caution), scale=scale, format_locale=tag, time_format_locale=tag
    )
    return drawn


def _cautioned(chart: alt.LayerChart, caution: str) -> dict[str, Any]:
    """Return the specification of a chart, with a sentence under its title where there is one to say."""
    with _ALONE:
        drawn: dict[str, Any] = chart.to_dict()
    if caution:
        title = drawn.get("title")
        named = dict(title) if isinstance(title, dict) else {"text": title or []}
        told = textwrap.wrap(caution, 90)
        if named["text"]:
            before = named.get("subtitle") or []
            named["subtitle"] = [*([before] if isinstance(before, str) else before), *told]
        else:  # Vega draws no subtitle without a title
            named |= {"text": told, "fontSize": 11}
        drawn["title"] = {"anchor": "start", **named}
    return drawn
