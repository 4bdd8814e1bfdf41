"""Answers of open networks saved as JSON: Bluesky, Mastodon, Reddit, Hacker News; their connectors fetch the same posts."""

from __future__ import annotations

import pandas as pd

from sources.exports.headers import Table
from sources.exports.tools import Tool, named_columns


def _bluesky(table: Table) -> dict[str | int, pd.Series]:
    """Find the post that one with pictures quotes: it lies too deep in the answer to have a column of its own."""
    there = named_columns(table)
    if "record embed record record" not in there:
        return {}
    cells = table.cells[there["record embed record record"][0]]
    return {"quote of": cells.str.extract(r'"uri":\s*"(at://[^"]+)"', expand=False)}


BLUESKY = Tool(
    source="bluesky_answer",
    title="Bluesky",
    signs="record created at, record text, record type, like count, quote count, indexed at, author did, author handle, cid",
    needed=5,
    platform="bluesky",
    utc=True,
    lang_source="declared",
    derive=_bluesky,
    columns={
        "id": "uri, post uri",
        "thread": "record reply root uri",
        "date": "record created at, indexed at",
        "arrived": "indexed at",
        "text": "record text",
        "author": "author handle, author did",
        "likes": "like count",
        "reposts": "repost count",
        "replies": "reply count",
        "quotes": "quote count",
        "bookmarks": "bookmark count",
        "lang": "record langs",
        "in_reply_to": "record reply parent uri",
        "quote_of": "record embed record uri, derived quote of",
        "repost_of": "reason uri",
        "reposted_by": "reason by handle, reason by did",
        "links": "record embed external uri",
    },
    ignored="author*, record*, embed*, viewer*, reason*",
)

MASTODON = Tool(
    source="mastodon_answer",
    title="Mastodon",
    signs="account acct, account username, spoiler text, reblogs count, favourites count, visibility, in reply to account id",
    needed=4,
    platform="mastodon",
    utc=True,
    lang_source="declared",
    columns={
        "id": "uri, id",
        "url": "url",
        "date": "created at",
        "text": "content",
        "author": "account acct, account username",
        "followers": "account followers count",
        "likes": "favourites count",
        "reposts": "reblogs count",
        "replies": "replies count",
        "quotes": "quotes count",
        "lang": "language",
        "in_reply_to": "in reply to id",
        "repost_of": "reblog uri, reblog id",
        "tags": "tags",
        "links": "card url",
    },
    ignored="account*, reblog*, media*, application*, poll*, card*, emojis",
)

REDDIT = Tool(
    source="reddit_answer",
    title="Reddit",
    signs="subreddit, selftext, created utc, num comments, is self, permalink, ups, link flair text, subreddit id, link id",
    needed=4,
    platform="reddit",
    utc=True,
    columns={
        "id": "name, id",
        "url": "permalink",
        "date": "created utc, created",
        "text": "selftext, body",
        "title": "title",
        "author": "author",
        "likes": "score, ups",
        "replies": "num comments",
        "in_reply_to": "parent id",
        "thread": "link id",
        "links": "url",
        "community": "subreddit",
    },
    ignored="author*, selftext html, body html, media*, secure*, domain, url, thumbnail",
)


def _hackernews(table: Table) -> dict[str | int, pd.Series]:
    there = named_columns(table)
    if "tags" not in there:
        return {}
    tags = table.cells[there["tags"][0]]
    return {"kind": tags.where(~tags.str.contains('"comment"', regex=False), "comment").where(tags != "", "post")}


HACKERNEWS = Tool(
    source="hackernews_answer",
    title="Hacker News",
    signs="object id, created at i, story id, story text, comment text, story title, story url, points, num comments",
    needed=5,
    platform="hackernews",
    utc=True,
    derive=_hackernews,
    columns={
        "id": "object id",
        "date": "created at, created at i",
        "text": "comment text, story text",
        "title": "title",
        "author": "author",
        "likes": "points",
        "replies": "num comments",
        "in_reply_to": "parent id",
        "thread": "story id",
        "links": "url",
        "kind": "derived kind",
    },
    ignored="url, story*, updated at, children, highlight*",
)

ANSWERS = (BLUESKY, MASTODON, REDDIT, HACKERNEWS)
