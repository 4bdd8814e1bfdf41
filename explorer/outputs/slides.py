"""Slides (PPTX) with native charts that can be edited, the finding as the title, and the method in the speaker's notes."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd
import pptx
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION
from pptx.slide import Slide
from pptx.util import Inches, Pt

from explorer.outputs.provenance import Provenance
from explorer.phrases import VERDICTS
from explorer.words import Words

SEARCH, POSTS = RGBColor(0x00, 0x72, 0xB2), RGBColor(0xD5, 0x5E, 0x00)
_WIDE = (Inches(13.333), Inches(7.5))
#: Rows of a table that a slide has room for.
_LINES = 14


def gaps_slides(frame: pd.DataFrame, headline: str, provenance: Provenance, words: Words) -> bytes:
    """Return two slides: share of search beside share of voice, and the gaps with their intervals in a table.

    Parameters
    ----------
    frame : as explorer.outputs.frames.gaps_frame gives it.
    headline : the finding in one sentence.
    """
    deck = _deck()
    known = frame.dropna(subset=["gap"])
    slide = _slide(deck, headline, provenance, words)
    data: Any = CategoryChartData(number_format="0.0%")
    data.categories = list(known["label"])[::-1]
    data.add_series(words("Share of search"), [float(v) for v in known["share_of_search"]][::-1])
    data.add_series(words("Share of voice"), [float(v) for v in known["share_of_voice"]][::-1])
    shape: Any = slide.shapes.add_chart(
        XL_CHART_TYPE.BAR_CLUSTERED, Inches(0.6), Inches(1.5), Inches(12.1), Inches(5.3), data
    )
    chart = shape.chart
    chart.has_legend = True
    chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
    chart.font.size = Pt(12)
    for series, colour in zip(chart.plots[0].series, (SEARCH, POSTS), strict=True):
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = colour
    chart.plots[0].gap_width = 60
    chart.plots[0].has_data_labels = True
    labels = chart.plots[0].data_labels
    labels.number_format, labels.number_format_is_linked, labels.position = "0.0%", False, XL_LABEL_POSITION.OUTSIDE_END
    labels.font.size = Pt(9)

    slide = _slide(deck, words("How sure each gap is"), provenance, words)
    titles = [words("Topic"), words("Verdict"), words("Gap"), words("Interval")]
    rows = [
        [row["label"], words(VERDICTS[row["verdict"]]), words.times(row["gap"]), words.span(row["lo"], row["hi"])]
        for row in known.head(14).to_dict("records")
    ]
    _grid(slide, titles, rows)
    return _bytes(deck)


def forecast_slides(
    frame: pd.DataFrame, headline: str, provenance: Provenance, words: Words, plan: pd.DataFrame | None = None
) -> bytes:
    """Return one slide a topic with its projected gap, median and 80 % range, as a native line chart; then the campaigns.

    Parameters
    ----------
    frame : as explorer.outputs.frames.forecast_frame gives it, of the topics to show.
    plan : as explorer.campaign_views.campaign_table gives it.
    """
    deck = _deck()
    ahead = frame[(frame["series"] == "gap") & frame["median"].notna()]
    for at, (label, own) in enumerate(ahead.groupby("label", sort=False)):
        title = headline if at == 0 and ahead["label"].nunique() == 1 else words("{topic}: the gap ahead", topic=label)
        slide = _slide(deck, title, provenance, words)
        data: Any = CategoryChartData(number_format="0.00")
        data.categories = [pd.Timestamp(d).date() for d in own["date"]]
        for name, column in ((words("Median"), "median"), (words("80% from"), "lo80"), (words("80% to"), "hi80")):
            data.add_series(name, [float(v) for v in own[column]])
        shape: Any = slide.shapes.add_chart(
            XL_CHART_TYPE.LINE, Inches(0.6), Inches(1.5), Inches(12.1), Inches(5.3), data
        )
        shape.chart.has_legend = True
        shape.chart.legend.position, shape.chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
        shape.chart.font.size = Pt(12)
    plan = pd.DataFrame() if plan is None else plan
    for at in range(0, len(plan), _LINES):
        part = plan.iloc[at : at + _LINES]
        rows = [[_cell(v, words) for v in row] for row in part.itertuples(index=False)]
        _grid(_slide(deck, words("Campaigns"), provenance, words), list(part.columns), rows)
    return _bytes(deck)


def _grid(slide: Slide, titles: list[str], rows: list[list[str]]) -> None:
    """Put a native table on a slide."""
    shape: Any = slide.shapes.add_table(
        len(rows) + 1, len(titles), Inches(0.6), Inches(1.5), Inches(12.1), Inches(0.36 * (len(rows) + 1))
    )
    for line, row in enumerate([titles, *rows]):
        for column, text in enumerate(row):
            shape.table.cell(line, column).text = text
    for cell in shape.table.iter_cells():
        for paragraph in cell.text_frame.paragraphs:
            paragraph.font.size = Pt(12)


def _cell(value: Any, words: Words) -> str:
    if isinstance(value, str):
        return value
    return words.percent(value, 0) if isinstance(value, float) else words.date(value)


def _deck() -> Any:
    deck = pptx.Presentation()
    deck.slide_width, deck.slide_height = _WIDE
    return deck


def _slide(deck: Any, title: str, provenance: Provenance, words: Words) -> Slide:
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = title
    slide.shapes.title.left, slide.shapes.title.top = Inches(0.6), Inches(0.35)
    slide.shapes.title.width, slide.shapes.title.height = Inches(12.1), Inches(1.0)
    for paragraph in slide.shapes.title.text_frame.paragraphs:
        paragraph.font.size, paragraph.font.bold = Pt(26), True
    foot = slide.shapes.add_textbox(Inches(0.6), Inches(6.95), Inches(12.1), Inches(0.4)).text_frame
    data = words("Example data, simulated") + " · " if provenance.simulated else ""
    data = f"{provenance.caution} · {data}" if provenance.caution else data
    foot.text = f"{data}{provenance.study} · {', '.join(provenance.sources)} · {words.date(provenance.fetched_at)}"
    foot.paragraphs[0].font.size = Pt(10)
    slide.notes_slide.notes_text_frame.text = "\n".join(f"{name}: {value}" for name, value in provenance.pairs(words))
    return slide


def _bytes(deck: Any) -> bytes:
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()
