"""The words of the simulated posts: sentences of our own, joined and filled in so that posts differ."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from sources.example.market import CHATTER, COMMUNITIES, IDS
from sources.example.people import FORUM, PRESS

SAID_WEIGHT = 0.30  # share of questions that speak a need which people also search
CONTEXT = 0.75  # share of posts that tell something of their author or place
LOUD_CONTEXT = 0.97  # the same for loud accounts, which vary their texts to pass filters
PLAIN = 0.10  # share of people's posts written without accents (forum) or without capitals (microblog)
TONE = {
    "question": "neutral",
    "complaint": "negative",
    "praise": "positive",
    "news": "neutral",
    "ad": "positive",
    "advice": "neutral",
    "chatter": "neutral",
}
_CONTEXT_OF = {"news": "public", "ad": "offer"}
_ACCENTS = str.maketrans("àâäçéèêëîïôöùûüÀÂÉÈÊÎÔ", "aaaceeeeiioouuuAAEEEIO")


@cache
def table(name: str) -> dict[str, Any]:
    """Return a file of sentences or pages of this package, read once."""
    return tomllib.loads(files("sources.example").joinpath(f"{name}.toml").read_text("utf-8"))


@cache
def said() -> dict[str, tuple[str, ...]]:
    """Return, per topic, the sentences that speak a searched need."""
    spoken: dict[str, list[str]] = {topic: [] for topic in IDS}
    for query in table("queries")["query"]:
        spoken[query["topic"]] += query.get("said", [])
    return {topic: tuple(sentences) for topic, sentences in spoken.items()}


def compose(rng: np.random.Generator, posts: pd.DataFrame) -> tuple[list[str], list[str], list[str | None]]:
    """Return the text, the sentence it was built on, and the title of every post.

    Parameters
    ----------
    posts : one row a post in its own words: `topic`, `form`, `role`, `lang`, `kind`, `platform`, `community`, `town`, and
        `burst` for coordinated posts.
    """
    draws = rng.integers(0, 1 << 30, (len(posts), 8))
    chances = rng.random((len(posts), 6))
    slots = _slots(rng, len(posts))
    columns = (
        posts[c].tolist() for c in ("topic", "form", "role", "lang", "kind", "platform", "community", "town", "burst")
    )
    turn = dict.fromkeys(IDS, 0)
    texts, cores, titles = [], [], []
    for number, row in enumerate(zip(*columns, strict=True)):
        topic, form, role, lang, kind, platform, community, town, burst = row
        draw, chance = draws[number].tolist(), chances[number].tolist()
        words = {name: values[number] for name, values in slots.items()} | {"ville": town, "de_ville": _of(town)}
        title = None
        if role == "coordinated":
            core, text = _campaign(IDS[topic], int(burst))
        elif role == "crisis":
            core = _pick(_crisis(form), draw[0])
            tail = _tail(lang, None, draw, chance, hashtags=False) if form in ("fear", "anger", "doubt") else []
            text = " ".join([core, *tail]).format(**words)
        elif topic == CHATTER:
            core = _pick(table("phrases_common")["chatter"]["fr"], draw[0])
            text = " ".join([core, *_tail("fr", None, draw, chance, hashtags=False)]).format(**words)
        else:
            core = _core(IDS[topic], form, lang, draw[0], chance[5], turn)
            head = [_pick(_common(lang, "opener")[form], draw[1])] if chance[0] < 0.38 else []
            tail = _tail(lang, form, draw, chance, context=LOUD_CONTEXT if role == "loud" else CONTEXT)
            text = " ".join([*head, core, *tail]).format(**words)
        if kind == "article":
            title = core.format(**words)
        elif kind == "reply":
            text = f"@user {text}"
        if role in ("regular", "crisis") and platform != PRESS and community in _PLAIN_CROWDS and chance[4] < PLAIN:
            text = text.translate(_ACCENTS) if platform == FORUM else text.lower()
        texts.append(text)
        cores.append(core)
        titles.append(title)
    return texts, cores, titles


def link_of(burst: int) -> str:
    """Return the link that all posts of a coordinated burst carry."""
    return f"https://petition-{burst}.example.invalid/signer"


_PLAIN_CROWDS = frozenset(COMMUNITIES) - {"press"}


def _core(topic: str, form: str, lang: str, draw: int, chance: float, turn: dict[str, int]) -> str:
    if lang == "fr" and form == "question" and chance < SAID_WEIGHT:
        # In turn and not by chance, so that every need that counts as said is said, in small topics too.
        turn[topic] += 1
        return _pick(said()[topic], turn[topic])
    return _pick(sentences(topic, lang, form), draw)


def sentences(topic: str, lang: str, form: str) -> list[str]:
    """Return the sentences of a topic for a form; empty where people do not write such posts."""
    return table(f"phrases_{lang}")[topic].get(form, [])


def available(lang: str, forms: tuple[str, ...]) -> np.ndarray:
    """Return which forms have sentences, `bool[topic, form]`: nobody advertises fire safety."""
    return np.array([[bool(sentences(topic, lang, form)) for form in forms] for topic in IDS])


def _tail(
    lang: str,
    form: str | None,
    draw: list[int],
    chance: list[float],
    *,
    hashtags: bool = True,
    context: float = CONTEXT,
) -> list[str]:
    tail = []
    if chance[1] < context:
        tail.append(_pick(_common(lang, _CONTEXT_OF.get(form or "", "context")), draw[2]))
    if chance[2] < 0.45 and form is not None:
        tail.append(_pick(_common(lang, "closer")[form], draw[3]))
    if chance[3] < 0.14 and hashtags:
        tail.append(_pick(_common(lang, "hashtags"), draw[4]))
    return tail


def _common(lang: str, part: str) -> Any:
    return table("phrases_common")[lang][part]


def _crisis(form: str) -> list[str]:
    texts = table("phrases_common")["crisis"][form]
    return [texts] if isinstance(texts, str) else texts


def _campaign(topic: str, burst: int) -> tuple[str, str]:
    core = _pick(table("phrases_common")["coordinated"][topic], burst // 2)
    return core, f"{core} {link_of(burst)}"


def _pick(choices: Any, draw: int) -> str:
    return choices[draw % len(choices)]


def _of(town: str) -> str:
    """Return the town after the preposition `de`, with the elision that French asks for."""
    return f"d'{town}" if town[0].translate(_ACCENTS) in "AEIOU" else f"de {town}"


def _slots(rng: np.random.Generator, count: int) -> dict[str, list[Any]]:
    years = rng.integers(1950, 2016, count)
    return {
        "n": rng.integers(3, 9, count).tolist(),
        "pct": rng.integers(4, 38, count).tolist(),
        "grand": [f"{v // 10} {v % 10}00" for v in rng.integers(75, 190, count).tolist()],
        "moyen": (rng.integers(15, 95, count) * 10).tolist(),
        "petit": rng.integers(10, 90, count).tolist(),
        "surface": (rng.integers(12, 44, count) * 5).tolist(),
        "annee": years.tolist(),
    }
