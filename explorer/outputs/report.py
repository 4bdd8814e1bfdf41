"""Every file an answer can be taken away as: offered one by one on a page, written all at once by `undersaid report`."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Sequence
from datetime import datetime

from explorer import charts, views
from explorer.answers import Gaps, Outlook
from explorer.campaign_views import campaign_table, days_to_mark, marks, prospect_sentences
from explorer.campaigns import Campaign
from explorer.outputs.calendar import to_calendar
from explorer.outputs.frames import forecast_frame, gaps_frame, to_csv, to_parquet
from explorer.outputs.page import Part, to_page
from explorer.outputs.provenance import gaps_provenance, outlook_provenance
from explorer.outputs.workbook import forecast_workbook, gaps_workbook
from explorer.sentences import headline, outlook_headline
from explorer.words import Words

#: File name -> what makes its content; made only when it is asked for.
Files = dict[str, Callable[[], bytes]]


def gaps_files(answer: Gaps, words: Words, now: datetime, *, french: bool | None = None) -> Files:
    """Return the files of a ranking of gaps. `french` CSV (semicolons, decimal commas) follows the language if left out."""
    about = gaps_provenance(answer, words, now)
    frame = functools.cache(lambda: gaps_frame(answer, words.language, about))
    told = headline(answer, words)
    comma = words.language == "fr" if french is None else french
    table = functools.cache(lambda: views.ranking(answer, words))

    def page() -> bytes:
        drawn = charts.to_svg(charts.forest(table(), words), words)
        mapped = charts.to_svg(charts.quadrant(table(), words), words)
        numbers = frame()[["label", "verdict", "gap", "lo", "hi", "share_of_search", "share_of_voice", "n_authors"]]
        parts = [Part(words("Ranking"), told, drawn, numbers), Part(words("Map"), told, mapped)]
        return to_page(told, parts, about, words)

    files: Files = {
        "gaps.csv": lambda: to_csv(frame(), french=comma),
        "gaps.xlsx": lambda: gaps_workbook(frame(), about, words),
        "gaps.parquet": lambda: to_parquet(frame(), about),
        "gaps.html": page,
        "gaps.svg": lambda: charts.to_svg(charts.forest(table(), words), words, caution=about.caution).encode(),
        "gaps.png": lambda: charts.to_png(charts.forest(table(), words), words, caution=about.caution),
    }
    if importlib.util.find_spec("pptx"):
        from explorer.outputs.slides import gaps_slides

        files["gaps.pptx"] = lambda: gaps_slides(frame(), told, about, words)
    return files


def forecast_files(
    answer: Outlook, words: Words, now: datetime, *, french: bool | None = None, campaigns: Sequence[Campaign] = ()
) -> Files:
    """Return the files of a projection with what is planned in it. `french` CSV follows the language if left out."""
    about = outlook_provenance(answer, words, now)
    # A page offers the files at every turn and hardly ever makes them.
    frame = functools.cache(lambda: forecast_frame(answer, words.language, about, campaigns))
    plan = functools.cache(lambda: campaign_table(answer, campaigns, words))
    told = outlook_headline(answer, words)
    comma = words.language == "fr" if french is None else french

    def page() -> bytes:
        parts, known = [], days_to_mark(answer, words)
        for topic, label in views.labels(answer.study, words.language).items():
            past, ahead = views.fan_frames(answer, topic, "search")
            if len(ahead):
                marked = marks(known, campaigns, topic)
                fan = charts.fan(past, ahead, words, colour=charts.SEARCH, title=words("Search"), marks=marked)
                parts.append(
                    Part(label, words("Search on {topic} so far and ahead.", topic=label), charts.to_svg(fan, words))
                )
        if len(plan()):
            parts.append(Part(words("Campaigns"), table=plan()))
        return to_page(told, parts, about, words)

    def calendar() -> bytes:
        said = {c.id: prospect_sentences(answer, c, words) for c in campaigns}
        return to_calendar(views.windows_to_act(answer, words), about, words, now, campaigns, said)

    files: Files = {
        "forecast.csv": lambda: to_csv(frame(), french=comma),
        "forecast.xlsx": lambda: forecast_workbook(frame(), about, words, plan()),
        "forecast.parquet": lambda: to_parquet(frame(), about),
        "forecast.html": page,
        "windows.ics": calendar,
    }
    if importlib.util.find_spec("pptx"):
        from explorer.outputs.slides import forecast_slides

        files["forecast.pptx"] = lambda: forecast_slides(frame(), told, about, words, plan())
    return files
