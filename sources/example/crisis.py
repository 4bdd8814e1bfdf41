"""The planted crisis: a hoax about a fire, from one small account to the press, and the brand's late answer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sources.example.market import CRISIS, CRISIS_WEEKS_BEFORE_END, IDS, WEEKS, Latent
from sources.example.people import MICROBLOG, PRESS, People
from sources.example.voices import DAY, time_of_day

BRAND = "Calorène"
START = 2 * DAY + 18 * 3600 + 42 * 60  # after the start of its week: Tuesday 18:42 UTC
#: Posts and reposts by day since the origin; the press picks it up on day 3, the peak is day 5.
DAILY = np.array([9, 14, 26, 70, 130, 175, 115, 78, 58, 40, 28, 20, 14, 10, 8, 6, 4, 3, 3, 2, 2])
PEAK_DAY = 5
PRESS_DAY = 3
REPOSTS = 0.65  # share of reposts among them
OUTLETS = 18  # articles
PRESS_CARRIERS = 14  # press accounts on the microblog that pass it on, from the press day
BRAND_DAYS = (8, 10, 14)  # days on which the brand answers
SMALL = 1_000  # followers below which an account counts as everyday
FORGETTING = 30 * 3600.0  # seconds after which a post is passed on e times less
FORMS = {
    "fear": "negative",
    "anger": "negative",
    "doubt": "neutral",
    "press": "neutral",
    "english": "negative",
    "brand": "neutral",
    "origin": "negative",
}


def hoax(rng: np.random.Generator, market: Latent, people: People) -> pd.DataFrame:
    """Draft the posts of the crisis; row 0 is the origin, reposts point to the post they were taken from."""
    start = int(market.weeks.as_unit("s").asi8[WEEKS - CRISIS_WEEKS_BEFORE_END]) + START
    cascade = _cascade(rng, people, start)
    writers = _writers(rng, people, start, cascade)
    return pd.concat([cascade, writers], ignore_index=True).assign(topic=IDS.index(CRISIS), role="crisis")


def days(start: int) -> np.ndarray:
    """Return midnight (UTC, seconds) of every day of the crisis."""
    return start // DAY * DAY + DAY * np.arange(len(DAILY))


def _cascade(rng: np.random.Generator, people: People, start: int) -> pd.DataFrame:
    count = np.rint(REPOSTS * DAILY).astype(int)
    day = np.repeat(np.arange(len(DAILY)), count)
    time = np.sort(_moments(rng, start, day))
    author = np.concatenate([people.numbers("origin"), _carriers(rng, people, day)])
    time = np.concatenate([[start], time])
    frame = people.frame
    pull = np.sqrt(frame["followers"].to_numpy()[author] + 50)
    crowd = frame["community"].to_numpy()[author]
    parent = np.full(len(author), -1)
    for i in range(1, len(author)):
        weight = pull[:i] * np.exp((time[:i] - time[i]) / FORGETTING) * np.where(crowd[:i] == crowd[i], 3.0, 1.0)
        reach = np.cumsum(weight)
        parent[i] = np.searchsorted(reach, rng.random() * reach[-1])
    kind = np.where(np.arange(len(author)) == 0, "post", "repost")
    return pd.DataFrame({"author": author, "time": time, "kind": kind, "parent": parent, "form": "origin"})


def _carriers(rng: np.random.Generator, people: People, day: np.ndarray) -> np.ndarray:
    """Return who passes the hoax on: only small accounts before the press day, press accounts among the first on it."""
    frame = people.frame
    regular = (frame["role"] == "regular") & (frame["platform"] == MICROBLOG)
    press = regular & (frame["community"] == "press")
    small = regular & ~press & (frame["followers"] < SMALL)
    near = small & frame["country"].isin(["FR", "BE"]) & frame["community"].isin(["sceptics", "households", "thrifty"])
    early = int((day < PRESS_DAY).sum())
    first = rng.choice(np.flatnonzero(near), early, replace=False)
    by_followers = np.flatnonzero(press)[np.argsort(-frame["followers"].to_numpy()[press], kind="stable")]
    # A third of the carriers are among the largest titles: that is what makes a rumour national.
    large = rng.choice(by_followers[:20], PRESS_CARRIERS // 3, replace=False)
    local = rng.choice(by_followers[20:], PRESS_CARRIERS - len(large), replace=False)
    press_accounts = np.concatenate([large, local])
    others = np.setdiff1d(np.flatnonzero(regular & ~press), first)
    later = rng.choice(others, len(day) - early - PRESS_CARRIERS, replace=False)
    # The press accounts come in during the first quarter of what follows.
    quarter = (len(press_accounts) + len(later)) // 4
    return np.concatenate([first, rng.permutation(np.concatenate([press_accounts, later[:quarter]])), later[quarter:]])


def _writers(rng: np.random.Generator, people: People, start: int, cascade: pd.DataFrame) -> pd.DataFrame:
    """Return those who write themselves: frightened, angry and doubting people, the press, and at last the brand."""
    frame = people.frame
    count = DAILY - np.rint(REPOSTS * DAILY).astype(int)
    day = np.repeat(np.arange(len(DAILY)), count)
    time = np.sort(_moments(rng, start, day))
    regular = frame["role"] == "regular"
    crowd = np.flatnonzero(regular & (frame["platform"] != PRESS) & (frame["community"] != "press"))
    author = rng.choice(crowd, len(day), replace=False)
    draw = rng.random(len(day))
    form = np.select([draw < 0.42, draw < 0.84], ["fear", "anger"], "doubt").astype(object)
    form[frame["lang"].to_numpy()[author] == "en"] = "english"
    outlets = rng.choice(
        np.flatnonzero(regular & (frame["platform"] == PRESS) & (frame["lang"] == "fr")), OUTLETS, False
    )
    articles = rng.choice(np.flatnonzero((day >= PRESS_DAY) & (day < PRESS_DAY + 6)), OUTLETS, replace=False)
    author[articles], form[articles] = outlets, "press"
    brand = people.numbers("brand")[0]
    answers = start + DAY * np.array(BRAND_DAYS)
    author = np.concatenate([author, np.full(len(answers), brand)])
    time = np.concatenate([time, answers])
    form = np.concatenate([form, np.full(len(answers), "brand")])
    kind, parent = _replies(rng, people, author, time, form, len(cascade))
    return pd.DataFrame({"author": author, "time": time, "kind": kind, "parent": parent, "form": form})


def _replies(
    rng: np.random.Generator, people: People, author: np.ndarray, time: np.ndarray, form: np.ndarray, offset: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return kind and parent: on the microblog half answer the origin or, once it has spoken, the brand."""
    platform = people.frame["platform"].to_numpy()[author]
    own_words = np.isin(form, ["press", "brand"])
    answers = (platform == MICROBLOG) & ~own_words & (rng.random(len(author)) < 0.5)
    brand = np.flatnonzero(form == "brand")
    last = np.searchsorted(time[brand], time) - 1
    to_brand = (last >= 0) & (rng.random(len(author)) < 0.5)
    parent = np.where(answers, np.where(to_brand, offset + brand[np.maximum(last, 0)], 0), -1)
    return np.select([form == "press", answers], ["article", "reply"], "post"), parent


def _moments(rng: np.random.Generator, start: int, day: np.ndarray) -> np.ndarray:
    midnight = start // DAY * DAY
    rest = midnight + DAY - start
    first_day = start + 300 + rng.integers(0, rest - 300, len(day))
    return np.where(day == 0, first_day, midnight + day * DAY + time_of_day(rng, len(day)))
