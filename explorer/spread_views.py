"""Small frames and sentences of where an event's people are, for the Alerts page."""

from __future__ import annotations

import pandas as pd
from babel import Locale

from explorer.charts.countries import on_the_map
from explorer.crisis import Crisis
from explorer.words import Words

COUNTRIES = 10


def countries_frame(found: Crisis, words: Words) -> pd.DataFrame:
    """Return `country`, `country_words`, `people`, `share`, `lo`, `hi`, `usual`, `ratio`; most people first."""
    names = Locale.parse(words.locale).territories
    table = found.countries.rename(columns={"authors": "people"})
    return table.assign(country_words=table["country"].map(lambda c: str(names.get(c, c))))


def countries_told(found: Crisis, words: Words) -> str:
    """Return in a sentence which countries hold more of the event than of the topic, and what the map leaves out."""
    table = countries_frame(found, words)
    people = int(table["people"].sum())
    more = table[table["lo"] > table["usual"]]
    first = table.iloc[0]
    said = words(
        "{n} people with a known country; most in {country} ({share}).",
        n=words.number(people, 0), country=first["country_words"], share=words.percent(first["share"], 0),
    )  # fmt: skip
    if len(more):
        names = words.list(list(more["country_words"].head(3)))
        said += " " + words("More than in the whole topic: {countries}.", countries=names)
    else:
        said += " " + words("No country stands out against the whole topic.")
    small = table[~on_the_map(table["country"])]
    if len(small):
        names = words.list(list(small["country_words"].head(5)))
        said += " " + words("Too small for the map: {countries}.", countries=names)
    return said
