"""What time tells about a topic, in sentences: who moves first, where the trend stands, when to act."""

from __future__ import annotations

import pandas as pd

from explorer.answers import Outlook, voice_of
from explorer.known import holiday_names
from explorer.panel import Panel
from explorer.phrases import TRENDS
from explorer.study import Study
from explorer.views import windows_to_act
from explorer.words import Words
from forecasting import trend_class
from forecasting.errors import Note
from forecasting.led_sides import who_leads


def movers(panel: Panel, *, corrected: bool = True, seed: int = 0) -> pd.DataFrame:
    """Return who helps to forecast whom, every topic in both directions, judged together (forecasting.led_sides)."""
    return who_leads(panel.search, voice_of(panel, corrected=corrected), freq=panel.freq, seed=seed)


def trends(panel: Panel) -> pd.DataFrame:
    """Return the trend class of the search for every topic (forecasting.trend_class)."""
    long = panel.search.rename(columns={"topic": "unique_id", "period": "ds", "value": "y"})
    return trend_class(long[["unique_id", "ds", "y"]], freq=panel.freq)


def mover_sentences(table: pd.DataFrame, topic: str, words: Words) -> list[str]:
    """Return what is proven of who moves first on one topic; one sentence that nothing is where nothing is."""
    own = table[table["topic"] == topic]
    out = []
    for row in own[own["leads"]].itertuples():
        details = {
            "lag": words.number(row.periods, 0),
            "lo": words.number(row.lo, 0),
            "hi": words.number(row.hi, 0),
            "gain": words.percent(row.gain, 0),
            "n": words.number(row.n, 0),
        }
        if row.leader == "search":
            text = "Search helps to forecast what is said, {lag} periods ahead ({lo} to {hi})."
        else:
            text = "What is said helps to forecast search, {lag} periods ahead ({lo} to {hi})."
        saved = words("It saved {gain} of the squared error at {n} past dates.", **details)
        out.append(f"{words(text, **details)} {saved}")
    if out:
        return out
    if own["p_value"].isna().all():
        return [words("The common history is too short to tell whether search or what is said moves first.")]
    return [words("Nothing shows that search helps to forecast what is said, or the other way round.")]


def trend_sentence(table: pd.DataFrame, topic: str, words: Words) -> str:
    """Return the trend class of one topic's search with the evidence beside it."""
    own = table[table["unique_id"] == topic]
    if own.empty or own["trend"].iloc[0] == "cannot tell":
        return words("Trend of search: too little is known for a word.")
    row = own.iloc[0]
    details = {
        "word": words(TRENDS[row["trend"]]),
        "since": words.date(row["since"]),
        "ratio": _ratio(words, row["growth"]),
        "lo": _ratio(words, row["growth_lo"]),
        "hi": _ratio(words, row["growth_hi"]),
        "top": words.percent(row["of_max"], 0),
    }
    if row["against"] == "year":
        text = "Its level is {ratio} that of the same weeks a year before ({lo} to {hi}), {top} of its highest."
    else:
        text = "Its level is {ratio} that of the weeks before ({lo} to {hi}), {top} of its highest."
    return f"{words('Trend of search: {word}, since {since}.', **details)} {words(text, **details)}"


def action_sentences(answer: Outlook, topic: str, words: Words) -> list[str]:
    """Return the windows to act in on one topic, and when its search will probably stand highest."""
    found = windows_to_act(answer, words)
    out = []
    for row in found[found["topic"] == topic].itertuples():
        details = {
            "start": words.date(row.start),
            "end": words.date(row.end),
            "peak": words.date(row.peak),
            "chance": words.percent(row.probability, 0),
        }
        text = "Window to act: {start} to {end}, searched most around {peak} (open with a chance of {chance} or more)."
        out.append(words(text, **details))
    if not out:
        out.append(words("No window to act: nowhere ahead is the gap open with a chance of 80% or more."))
    peaks = answer.projection.peaks
    own = peaks[(peaks["topic"] == topic) & (peaks["side"] == "search")] if len(peaks) else peaks
    for row in own.itertuples():
        details = {
            "peak": words.date(row.peak),
            "lo": words.date(row.lo),
            "hi": words.date(row.hi),
            "chance": words.percent(row.p_rise, 0),
        }
        text = "Search will stand highest around {peak} (80%: {lo} to {hi}); chance of a rise by a quarter: {chance}."
        out.append(words(text, **details))
    return out


def plain_notes(answer: Outlook, words: Words, topic: str = "") -> list[str]:
    """Return what the projection says of itself, of one topic if given; leaders have sentences of their own."""
    labels = {t.id: t.label_in(words.language) for t in answer.study.topics}
    said = [_plain(note, labels, answer.study, words, topic) for note in answer.projection.notes]
    return [text for text in said if text]


def _plain(note: Note, labels: dict[str, str], study: Study, words: Words, topic: str) -> str:
    side, _, about = note.where.partition(" ")
    match note.code:
        case "leader_used":
            return ""
        case "known_effects":
            if topic and about != topic:
                return ""
            names = holiday_names(study, words.language)
            told = ", ".join(names.get(name, name) for name in note.text.partition(": ")[2].split(", "))
            if side == "search":
                return words("{topic}, search: known in advance: {names}", topic=labels.get(about, about), names=told)
            return words("{topic}, posts: known in advance: {names}", topic=labels.get(about, about), names=told)
        case "horizon_capped":
            return words("The projection goes no further than a third of the history that both sides hold.")
        case "periods_incomplete":
            return words("Incomplete periods at the end are left out of both sides.")
        case "periods_unused":
            return words("Periods after the end of the shortest series are not used.")
        case "topic_left_out":
            name = labels.get(note.where, note.where)
            return words("{topic}: only one side knows it; the shares are taken over the others.", topic=name)
        case "voice_is_posts":
            return words("Voice is counted in posts: a few loud accounts cannot be told from many people.")
    return str(note)


def leader_sentences(answer: Outlook, words: Words) -> list[str]:
    """Return the topics whose projection uses a leading series, one sentence each."""
    table = answer.projection.leaders
    labels = {t.id: t.label_in(words.language) for t in answer.study.topics}
    out = []
    for row in table[table["used"]].itertuples() if len(table) else ():
        details = {"topic": labels.get(row.topic, row.topic), "lag": words.number(row.periods, 0)}
        if row.leader == "search":
            text = "{topic}: search helps to forecast what is said {lag} periods ahead; the projection uses it."
        else:
            text = "{topic}: what is said helps to forecast search {lag} periods ahead; the projection uses it."
        out.append(words(text, **details))
    return out


def _ratio(words: Words, doublings: float) -> str:
    """Return a log2 ratio as a factor that may lie below 1."""
    factor = 2.0**doublings
    return f"×{words.number(factor, 2 if factor < 1 else 1)}"
