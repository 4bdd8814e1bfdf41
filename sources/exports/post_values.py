"""Values of posts as tools write them - network, kind, tone, language, country - in the words of the tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from sources.exports.columns import listed
from sources.exports.headers import Table
from sources.exports.places import country_code, language_tag
from sources.exports.run import Run
from sources.exports.words import plain

if TYPE_CHECKING:
    from sources.exports.post_columns import Picks

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
_HOST = r"^(?:https?://)?(?:[\w-]+\.)*?((?:[\w-]+\.)?[\w-]+\.\w+)(?::\d+)?(?:[/?#]|$)"
_SITE = re.compile(r"^(?:[\w-]+\.)+[a-z]{2,}$", re.IGNORECASE)
_KINDS: dict[str, str] = {
    "repost": """
        repost, share, shared, retweet, rt, reblog, boost, reasonrepost, republication, partage, republicacion, app
        bsky feed defs reason repost, retweeted, reposted, репост
        """,
    "reply": "reply, replied to, reponse, respuesta, antwort, ответ, відповідь",
    "comment": "comment, commentaire, comentario, kommentar, комментарий, коментар",
    "quote": "quote, quoted, quote tweet, citation, cita",
    "article": "article, news, blog, story, noticia, actualite, artikel, press",
    "video": "video, reel, short, shorts, live video, native video, youtube",
    "post": """
        post, tweet, status, publication, publicacion, beitrag, link, photo, image, album, message, text, original, пост, допис
        """,
}
_KIND_OF = {plain(w): kind for kind, words in _KINDS.items() for w in listed(words)}
#: Columns that hold a piece of the text, where no tool says so.
EXCERPTS = frozenset(
    ["snippet", "content snippet", "hit sentence", "opening text", "text snippet", "mention snippet", "extrait"]
)
#: Printed where a place is not known.
NO_PLACE = frozenset(["undef", "undefined", "unknown", "n/a", "na", "none", "null", "-", "not available"])
#: Header words that give away the network when nothing else does.
_HEADER_SIGNS = (
    ("x", re.compile(r"\b(tweet|retweet|retweets|retweeted)\b")),
    ("bluesky", re.compile(r"\b(did|bluesky)\b")),
)


def platforms(cells: pd.Series) -> pd.Series:
    """Return our names of networks as printed, null where a name is not known."""
    return cells.map({v: _NETWORK_OF.get(plain(v)) for v in cells.dropna().unique()}).astype("object")


def platform_of_address(url: str) -> str | None:
    """Return the network a single address belongs to; None where it is none of the known ones."""
    found = re.match(_HOST, url)
    return _of_host(found[1]) if found else None


def find_platforms(
    table: Table,
    named: pd.Series | None,
    url: pd.Series,
    wanted: str | None,
    run: Run,
    *,
    only: str | None = None,
    strict: bool = False,
) -> pd.Series:
    """Return the network of every post: the column's word, else the address, else the file's, else "unknown".

    A network that is not in the list keeps its printed name, in plain lower case; unless `strict`, where it is taken for the
    name of a site.

    Parameters
    ----------
    wanted : network that the user names.
    only : network of all posts of this tool's file.
    """
    n = len(table.rows)
    if wanted is None and only is not None:
        return pd.Series(only, index=range(n), dtype="object")
    result = pd.Series(None, index=range(n), dtype="object")
    if named is not None:
        result = named.map({v: _network(v, strict) for v in named.dropna().unique()}).astype("object")
    host = url.str.extract(_HOST, expand=False)
    by_host = host.map({h: _of_host(h) for h in host.dropna().unique()})
    generic = result.isna() | (result == "web")
    if run.by_host is None:
        # Without a column for it, addresses of many sites are what the posts link to.
        run.by_host = named is not None or bool(by_host.notna().mean() >= 0.5)
    if not run.by_host:
        generic[:] = False
    result = result.where(~(generic & by_host.notna()), by_host.astype("object"))
    if wanted is not None:
        return result.fillna(wanted) if named is not None else pd.Series(wanted, index=range(n), dtype="object")
    if result.isna().any():
        words = " ".join(plain(h) for h in table.headers)
        sign = next((network for network, pattern in _HEADER_SIGNS if pattern.search(words)), None)
        rest = "web" if strict else sign or ("web" if url.notna().any() else "unknown")
        if sign is None and not strict:
            count = int(result.isna().sum())
            table.notes.append(
                f"Nothing tells the network of {count:,} posts; it is set to {rest!r}. Set platform to name it."
            )
        result = result.fillna(rest)
    return result


def _network(printed: str, strict: bool) -> str | None:
    """Return our name of a printed network; of several words ("SOCIALMEDIA,SOCIALMEDIA_TWITTER") the most telling one."""
    whole = _NETWORK_OF.get(plain(printed)) or _of_host(printed.strip())
    if whole:
        return whole
    words = [plain(w).removeprefix("socialmedia").strip() for w in re.split(r"[,;|/\[\]\"']+", printed)]
    known = [_NETWORK_OF[w] for w in words if w in _NETWORK_OF]
    if known:
        return next((k for k in known if k != "web"), "web")
    return None if strict else "web" if _SITE.match(printed.strip()) else plain(printed)


def _of_host(host: str) -> str | None:
    lower = host.lower().removeprefix("www.")
    return _HOSTS.get(lower, _HOSTS.get(".".join(lower.split(".")[-2:])))


def kinds(table: Table, get: Picks, text: pd.Series) -> pd.Series:
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
        result = result.where(~((result == "post") & text.str.match(r"QT @\w").eq(True)), "quote")
    return result.where(~passed_on, "repost")


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
