"""Exports of research tools: CrowdTangle archives, Meta Content Library, 4CAT, minet, twarc, ExportComments.

What their columns mean and where they mislead: docs/formats.md.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from sources.exports.headers import Table
from sources.exports.rawtable import TEXT
from sources.exports.tools import Tool, header_name, named_columns

_FACEBOOK_REACTIONS = ("love", "wow", "haha", "sad", "angry", "care")


def _is_no_video(posts: pd.DataFrame, table: Table) -> pd.Series:
    """Return whether a Facebook post is known to be no video: its printed 0 views are no measurement."""
    there = named_columns(table)
    if "type" not in there:
        return pd.Series(False, index=posts.index)
    kind = table.cells[there["type"][0]].str.casefold()
    return (kind != "") & ~kind.str.contains("video|youtube|live|reel|vine|igtv", regex=True)


CROWDTANGLE = Tool(
    source="crowdtangle_export",
    title="CrowdTangle",
    signs="""
        facebook id, likes at posting, followers at posting, page admin top country, post created, post created date, total
        interactions, total interactions weighted*, overperforming score*, video share status, is video owner, total views for
        all crossposts, sponsor id, sponsor name, final link, post views, group name
        """,
    no_measure={"view_count": _is_no_video},
    columns={
        "url": "url",
        "date": "post created, created, post created date",
        "time": "post created time",
        "text": "message, description",
        "title": "title, link text",
        "author": "user name, page name, account, group name, facebook id",
        "followers": "followers at posting, likes at posting",
        "likes": "likes, favorites",
        "reposts": "shares",
        "replies": "comments",
        "views": "post views, views",
        "engagement": "total interactions = interactions, total interactions weighted* = weighted",
        "country": "page admin top country = page",
        "kind": "type",
        "links": "final link, link",
    },
    reactions={kind: kind for kind in _FACEBOOK_REACTIONS},
    ignored="facebook id, page created, page description, image text, sponsor*, photo",
)


def _meta_network(headers: list[str]) -> str:
    """Only posts of Facebook have reactions beside the like, pages and groups; those of Instagram have an owner."""
    names = {header_name(h) for h in headers}
    instagram = "owner id" in names and not any(n.startswith(("post owner", "surface")) for n in names)
    return "instagram" if instagram and "statistics love count" not in names else "facebook"


META_CONTENT_LIBRARY = Tool(
    source="meta_content_library_export",
    title="Meta Content Library",
    signs="""
        creation time, modified time, is branded content, content type, statistics like count, statistics love count, statistics
        care count, statistics reaction count, statistics views, statistics views date last refreshed, statistics share count,
        post owner type, post owner id, post owner name, post owner username, surface type, surface id, surface name, mcl url,
        is reshare, shared post id
        """,
    platform=_meta_network,
    utc=True,
    lang_source="detected",
    columns={
        "id": "id",
        "date": "creation time",
        "text": "text",
        "author": "post owner username, owner username, post owner id, owner id, post owner name, owner name",
        "author_kind": "post owner type, owner type",
        "likes": "statistics like count",
        "reposts": "statistics share count",
        "replies": "statistics comment count",
        "views": "statistics views",
        "lang": "lang",
        "country": "location country = post",
        "in_reply_to": "parent comment id, post id",
        "repost_of": "shared post id",
        "is_repost": "is reshare",
        "links": "link url, link attachment link",
        "tags": "hashtags",
        "community": "surface id",
    },
    reactions={kind: f"statistics {kind} count" for kind in _FACEBOOK_REACTIONS},
    ignored="modified time, statistics*, surface*, multimedia*",
)


def _fourcat(table: Table) -> dict[str | int, pd.Series]:
    """Empty the cells of fields that 4CAT says were missing: it prints a default there, such as 0."""
    there = named_columns(table)
    if "missing fields" not in there:
        return {}
    missing = table.cells[there["missing fields"][0]]
    lists = {cell: {header_name(f) for f in cell.replace(";", ",").split(",")} for cell in missing.unique()}
    out: dict[str | int, pd.Series] = {}
    for name in set().union(*lists.values()) & set(there):
        lost = missing.map({cell: name in names for cell, names in lists.items()}).astype(bool)
        for position in there[name]:
            out[position] = table.cells[position].where(~lost, "")
    return out


FOURCAT = Tool(
    source="4cat_export",
    title="4CAT",
    signs="thread id, body, unix timestamp, missing fields, timestamp, author fullname, post source domain, 4cat query",
    utc=True,
    derive=_fourcat,
    columns={
        "id": "id",
        "url": "link, url, post url, tiktok url, permalink",
        "thread": "thread id",
        "date": "unix timestamp, timestamp",
        "text": "body",
        "title": "subject",
        "author": "author, author id",
        "followers": "author followers",
        "likes": "like count, likes, num likes, score",
        "reposts": "retweet count, repost count, shares, num shares, forwards",
        "replies": "reply count, comments, num comments, replies",
        "quotes": "quote count, quotes",
        "bookmarks": "bookmark count",
        "views": "impression count, plays, views, view count",
        "lang": "language guess, language, languages, lang",
        "country": "country = post",
        "in_reply_to": "reply to, parent id, parent, in reply to, replied to",
        "repost_of": "retweeted id, repost of",
        "quote_of": "quoted id, quote of",
        "is_repost": "is retweet, is repost, is share",
        "is_reply": "is reply",
        "is_quote": "is quote tweet, is quote",
        "tags": "hashtags, tags",
        "links": "urls, links, link url",
        "domains": "domains, domain",
        "author_verified": "author verified, verified",
        "query": "query, search query, search entity, 4cat query",
        "platform": "platform, source platform, post source domain",
    },
    ignored="author*, image*, video*, thumbnail*, timestamp collected, collected*",
)


def _minet_network(headers: list[str]) -> str:
    names = {header_name(h) for h in headers}
    return "bluesky" if "user did" in names or "did" in names else "x"


MINET = Tool(
    source="minet_export",
    title="minet",
    signs="""
        collected via, match query, collection time, timestamp utc, to tweetid, to userid, to username, user screen name,
        retweeted user id, retweeted timestamp utc, quoted timestamp utc, source name, source url, place coordinates, media alt
        texts, user timestamp utc, user is blue verified, to post uri, user did, repost by user did, replies rules, hidden
        replies uris, bridgy original url, repost timestamp utc, to root post uri
        """,
    needed=4,
    platform=_minet_network,
    utc=True,
    columns={
        "id": "uri, id",
        "url": "url",
        "thread": "to root post uri",
        "date": "timestamp utc, local time",
        "arrived": "indexed at utc",
        "text": "original text, text",
        "author": "user screen name, user handle, user did, user id",
        "followers": "user followers",
        "author_verified": "user verified",
        "likes": "like count",
        "reposts": "repost count, retweet count",
        "replies": "reply count",
        "quotes": "quote count",
        "bookmarks": "bookmark count",
        "views": "impression count",
        "lang": "lang, user langs",
        "country": "place country code = post",
        "region": "place name",
        "in_reply_to": "to post uri, to tweetid",
        "repost_of": "retweeted id",
        "quote_of": "quoted uri, quoted id",
        "reposted_by": "repost by user handle, repost by user did",
        "links": "links",
        "domains": "domains",
        "tags": "hashtags",
        "matched": "match query",
        "query": "query",
    },
    ignored="match query, source name, user*, to*, quoted*, repost by*, retweeted*, card*, media*, collection time",
)

#: A table of accounts that the same tools write: people, not posts.
PROFILE_NAMES = ("handle", "username", "screen name")
PROFILE_FIGURES = ("followers", "follows", "following", "friends", "lists", "statuses", "tweets", "posts")


def _twarc(table: Table) -> dict[str | int, pd.Series]:
    """Tell apart what a tweet refers to: the API gives one list of {type, id}."""
    there = named_columns(table)
    if "referenced tweets" not in there:
        return {}
    cells = table.cells[there["referenced tweets"][0]]
    kinds = {"replied_to": "in reply to", "quoted": "quote of", "retweeted": "repost of"}
    found: dict[str, dict[str, str]] = {name: {} for name in kinds.values()}
    for cell in cells.unique():
        for reference in _references(cell):
            name = kinds.get(str(reference.get("type")))
            if name:
                found[name][cell] = str(reference.get("id", ""))
    return {name: cells.map(ids).astype(TEXT) for name, ids in found.items()}


def _references(cell: str) -> list[dict[str, object]]:
    if not cell.startswith("["):
        return []
    try:
        read = json.loads(cell)
    except ValueError:
        return []
    return [r for r in read if isinstance(r, dict)]


TWARC = Tool(
    source="twarc_export",
    title="twarc",
    signs="""
        edit history tweet ids, public metrics retweet count, public metrics like count, public metrics quote count, reply
        settings, conversation id, possibly sensitive, author public metrics followers count, referenced tweets, referenced
        tweets retweeted id, referenced tweets replied to id, in reply to user id, author username, twarc retrieved at, twarc
        version
        """,
    platform="x",
    utc=True,
    lang_source="detected",
    derive=_twarc,
    columns={
        "id": "id",
        "thread": "conversation id",
        "date": "created at",
        "text": "note tweet text, text",
        "author": "author username, author id",
        "followers": "author public metrics followers count",
        "author_verified": "author verified",
        "likes": "public metrics like count",
        "reposts": "public metrics retweet count",
        "replies": "public metrics reply count",
        "quotes": "public metrics quote count",
        "bookmarks": "public metrics bookmark count",
        "views": "public metrics impression count",
        "lang": "lang",
        "country": "geo country code = post",
        "region": "geo full name",
        "in_reply_to": "derived in reply to, referenced tweets replied to id",
        "quote_of": "derived quote of, referenced tweets quoted id",
        "repost_of": "derived repost of, referenced tweets retweeted id",
        "links": "entities urls",
        "tags": "entities hashtags",
    },
    ignored="author*, source, in reply to user*, geo*, entities*, context annotations",
)


def _export_comments_network(headers: list[str]) -> str | None:
    names = {header_name(h) for h in headers}
    if names & {"tweet text", "tweet id click to view url", "author statuses", "author favorites"}:
        return "x"
    if names & {"digg count", "author heart count", "unique id"}:
        return "tiktok"
    if names & {"live video timestamp", "stars"}:
        return "facebook"
    if names & {"shortcode", "media type"} or {"username", "profile id"} <= names:
        return "instagram"
    return None


def _export_comments(table: Table) -> dict[str | int, pd.Series]:
    """Read the running number: 3 is a comment on the post, 3-1 the first reply to that comment."""
    names = {header_name(h) for h in table.headers}
    if names & {"tweet text", "caption", "description"}:
        return {}  # a list of posts, not of comments on one
    first = table.cells[0].str.strip()
    nested = first.str.fullmatch(r"\d+[-.]\d+(?:[-.]\d+)*")
    return {"kind": pd.Series(np.where(nested, "reply", "comment"), dtype=TEXT)}


EXPORT_COMMENTS = Tool(
    source="exportcomments_export",
    title="ExportComments",
    signs="""
        name click to view profile, profile id, live video timestamp, view source, comment permalink, tweet id click to view
        url, tweet text, author statuses, author friends, author favorites, tweet source, digg count, author heart count, author
        digg count, unique id, profile image, stars, is retweet
        """,
    needed=2,
    platform=_export_comments_network,
    derive=_export_comments,
    columns={
        "id": "comment id, tweet id click to view url, tweet id, video id, id",
        "url": "comment permalink, status url, url, view source, video link, permalink",
        "date": "date, date created, created at",
        "text": "comment, tweet text, caption, description, text, message",
        "author": "username, unique id, profile id, name, name click to view profile",
        "followers": "author followers, author follower count",
        "author_verified": "author verified",
        "likes": "likes, favorites, digg count, like count",
        "reposts": "retweets, share count",
        "replies": "comments, comment count, replies",
        "views": "play count, video view count, views",
        "kind": "derived kind",
        "is_repost": "is retweet",
    },
    ignored="author*, profile image, tweet source, stars",
)

RESEARCH = (CROWDTANGLE, META_CONTENT_LIBRARY, FOURCAT, MINET, TWARC, EXPORT_COMMENTS)
