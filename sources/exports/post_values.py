"""Values of posts as tools write them - network, kind, tone, language, country - in the words of the tables."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from sources.exports.columns import listed
from sources.exports.headers import Table
from sources.exports.numerals import numbers
from sources.exports.places import country_code, language_tag
from sources.exports.words import plain

#: Name of the network as tools print it -> our name.
NETWORKS: dict[str, str] = {
    "x": "x, twitter, x twitter, twitter x, tweet, tweets, socialmedia twitter",
    "bluesky": "bluesky, bsky",
    "mastodon": "mastodon, fediverse",
    "threads": "threads",
    "facebook": "facebook, facebook public, fb, socialmedia facebook, facebook pages, facebook groups",
    "instagram": "instagram, ig, instagram public, socialmedia instagram",
    "linkedin": "linkedin",
    "reddit": "reddit, subreddit",
    "youtube": "youtube, yt, video youtube",
    "tiktok": "tiktok, tik tok",
    "telegram": "telegram",
    "pinterest": "pinterest",
    "hackernews": "hacker news, hackernews, hn",
    "stackexchange": "stack exchange, stackexchange, stack overflow, stackoverflow",
    "tumblr": "tumblr",
    "vk": "vk, vkontakte",
    "web": """
        web, news, online news, blog, blogs, forum, forums, review, reviews, presse, presse en ligne, site, website,
        media, online, onlinenews, socialmedia forums
        """,
}
_NETWORK_OF = {plain(w): network for network, words in NETWORKS.items() for w in listed(words)}
_HOSTS = {
    "twitter.com": "x",
    "x.com": "x",
    "bsky.app": "bluesky",
    "threads.net": "threads",
    "threads.com": "threads",
    "facebook.com": "facebook",
    "fb.com": "facebook",
    "instagram.com": "instagram",
    "linkedin.com": "linkedin",
    "reddit.com": "reddit",
    "youtube.com": "youtube",
    "youtu.be": "youtube",
    "tiktok.com": "tiktok",
    "t.me": "telegram",
    "pinterest.com": "pinterest",
    "news.ycombinator.com": "hackernews",
    "stackoverflow.com": "stackexchange",
    "tumblr.com": "tumblr",
    "vk.com": "vk",
}
_KINDS: dict[str, str] = {
    "repost": """
        repost, share, shared, retweet, rt, reblog, boost, reasonrepost, republication, partage, republicacion, app
        bsky feed defs reason repost, retweeted, reposted
        """,
    "reply": "reply, replied to, reponse, respuesta, antwort",
    "comment": "comment, commentaire, comentario, kommentar",
    "quote": "quote, quoted, quote tweet, citation, cita",
    "article": "article, news, blog, story, noticia, actualite, artikel, press",
    "video": "video, reel, short, shorts, live video, native video, youtube",
    "post": """
        post, tweet, status, publication, publicacion, beitrag, link, photo, image, album, message, text, original
        """,
}
_KIND_OF = {plain(w): kind for kind, words in _KINDS.items() for w in listed(words)}
_TONES: dict[str, str] = {
    "positive": "positive, positif, positiv, positivo, positiva, pos, +, favorable",
    "negative": "negative, negatif, negativ, negativo, negativa, neg, defavorable, desfavorable",
    "neutral": "neutral, neutre, neutro, neutra, neu, mixed, mixte, mixto, gemischt",
}
_TONE_OF = {plain(w): tone for tone, words in _TONES.items() for w in listed(words) if plain(w)}
#: Header words that give away the network when nothing else does.
_HEADER_SIGNS = (
    ("x", re.compile(r"\b(tweet|retweet|retweets|retweeted)\b")),
    ("bluesky", re.compile(r"\b(did|bluesky)\b")),
)


def platforms(cells: pd.Series) -> pd.Series:
    """Return our names of networks as printed, null where a name is not known."""
    return cells.map({v: _NETWORK_OF.get(plain(v)) for v in cells.dropna().unique()}).astype("object")


def find_platforms(table: Table, named: pd.Series | None, url: pd.Series, wanted: str | None) -> pd.Series:
    """Return the network of every post: the column's word, else the address, else the file's, else "unknown".

    A network that is not in the list keeps its printed name, in plain lower case.
    """
    n = len(table.rows)
    result = pd.Series(None, index=range(n), dtype="object")
    if named is not None:
        result = named.map({v: _NETWORK_OF.get(plain(v), plain(v)) for v in named.dropna().unique()}).astype("object")
    host = url.str.extract(r"^(?:https?://)?(?:[\w-]+\.)*?((?:[\w-]+\.)?[\w-]+\.\w+)(?::\d+)?(?:[/?#]|$)", expand=False)
    by_host = host.map(
        {h: _HOSTS.get(h.lower(), _HOSTS.get(".".join(h.lower().split(".")[-2:]))) for h in host.dropna().unique()}
    )
    generic = result.isna() | (result == "web")
    if named is None and by_host.notna().mean() < 0.5:
        generic[:] = False  # the addresses are what the posts link to
    result = result.where(~(generic & by_host.notna()), by_host.astype("object"))
    if wanted is not None:
        return result.fillna(wanted) if named is not None else pd.Series(wanted, index=range(n), dtype="object")
    if result.isna().any():
        words = " ".join(plain(h) for h in table.headers)
        sign = next((network for network, pattern in _HEADER_SIGNS if pattern.search(words)), None)
        rest = sign or ("web" if url.notna().any() else "unknown")
        if sign is None:
            count = int(result.isna().sum())
            table.notes.append(
                f"Nothing tells the network of {count:,} posts; it is set to {rest!r}. Set platform to name it."
            )
        result = result.fillna(rest)
    return result


def kinds(table: Table, get: dict[str, pd.Series], text: pd.Series) -> pd.Series:
    """Return post | reply | repost | quote | article | video | comment of every row; a repost is told by any sign of one."""
    n = len(table.rows)
    result = pd.Series("post", index=range(n), dtype="object")
    if "kind" in get:
        named = get["kind"].map({v: _KIND_OF.get(plain(v)) for v in get["kind"].dropna().unique()})
        result = named.astype("object").where(named.notna(), "post")
    plain_post = result == "post"
    for field, kind in (("quote_of", "quote"), ("in_reply_to", "reply")):
        if field in get:
            result = result.where(~(plain_post & get[field].notna()), kind)
    for field, kind in (("is_quote", "quote"), ("is_reply", "reply")):
        if field in get:
            result = result.where(~(plain_post & _true(get[field])), kind)
    passed_on = pd.Series(False, index=range(n))
    for field in ("repost_of", "reposted_by"):
        if field in get:
            passed_on |= get[field].notna()
    if "is_repost" in get:
        passed_on |= _true(get["is_repost"])
    if text.notna().any():
        passed_on |= text.str.match(r"RT @\w").eq(True)
    return result.where(~passed_on, "repost")


def sentiment(cells: pd.Series, table: Table) -> pd.Series:
    """Return positive | neutral | negative as the source says it, null where it does not or where its code is not known."""
    distinct = list(cells.dropna().unique())
    codes = {d.strip().upper() for d in distinct}
    if codes <= {"P", "N", "V", "U"} and "V" in codes:  # one vendor's feed: N is neutral, V negative
        known: dict[str, str | None] = {
            d: {"P": "positive", "N": "neutral", "V": "negative"}.get(d.strip().upper()) for d in distinct
        }
    else:
        known = {d: _TONE_OF.get(plain(d)) for d in distinct}
        rest = [d for d in distinct if known[d] is None]
        values = numbers(pd.Series(rest, dtype="str")) if rest else None
        if (
            values is not None
            and len(rest) == len(distinct)
            and np.isfinite(values.value).mean() > 0.9
            and np.nanmin(values.value) < 0
        ):
            # A score around zero: its sign is what the source says.
            known = {
                d: None if np.isnan(v) else "positive" if v > 0 else "negative" if v < 0 else "neutral"
                for d, v in zip(rest, values.value, strict=True)
            }
    unknown = [
        d
        for d in distinct
        if known[d] is None
        and plain(d) not in ("", "unknown", "undefined", "none", "not rated", "na", "n a", "not labeled")
    ]
    if unknown:
        table.notes.append(f"Sentiment {unknown[0]!r} is not known and left empty ({len(unknown)} different words).")
    return cells.map(known).astype("object")


def languages(cells: pd.Series | None, n: int, wanted: str | None) -> pd.Series:
    """Return BCP-47 tags; the language of the whole file where a row has none."""
    if cells is None:
        return pd.Series(wanted, index=range(n), dtype="object")
    found = cells.map({v: language_tag(v) for v in cells.dropna().unique()}).astype("object")
    return found.where(found.notna(), wanted)


def countries(cells: pd.Series | None, n: int) -> pd.Series:
    """Return ISO 3166-1 alpha-2 codes, null where the printed name is not a country."""
    if cells is None:
        return pd.Series(None, index=range(n), dtype="object")
    return cells.map({v: country_code(v) for v in cells.dropna().unique()}).astype("object")


def _true(cells: pd.Series) -> pd.Series:
    return cells.str.casefold().isin(["true", "1", "yes", "vrai", "oui", "wahr", "ja", "si", "t"]).eq(True)
