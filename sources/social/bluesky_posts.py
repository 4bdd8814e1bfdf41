"""A Bluesky post view as a row of the posts table, its people left out, its dates weighed.

The network sorts and searches by the earlier of two dates: what the author's program claimed, and when the network saw the
post. A post that claims to be older than it is therefore stands at the claimed date; only its record key, which most programs
draw from the clock, and the event stream tell when it came.

References
----------
https://atproto.com/specs/tid (record keys); https://docs.bsky.app/docs/advanced-guides/timestamps (`sortAt`)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sources import privacy
from sources.recheck import Seen
from sources.social.rows import count, listed

POST = "app.bsky.feed.post"
BATCH = 25  # most uris, or accounts, that are read at once

#: A claim this much later than the date shown was cut by the network.
CLAMPED = timedelta(minutes=5)
#: A record written this much after the date that it claims was not written by a living hand then.
BACKDATED = timedelta(days=1)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TID = "234567abcdefghijklmnopqrstuvwxyz"
_FIRST = datetime(2022, 11, 1, tzinfo=UTC)  # the network's first month: an earlier claim was moved here, or made up
#: Of an answer: what tells who a person is, and what only the asking account may know.
_PEOPLE = frozenset(
    {"handle", "displayName", "avatar", "banner", "description", "labels", "viewer", "associated", "verification"}
)


def post_id(uri: str) -> str:
    """Return the id under which a post is stored: a hash of its at-uri, because the uri names its author.

    >>> post_id("at://did:plc:abc/app.bsky.feed.post/3lkizm6uvhc2b")
    'bsky:0f38156996fd600cb4768f69fb23b042'
    """
    return f"bsky:{hashlib.sha256(uri.encode()).hexdigest()[:32]}"


def post_row(view: Mapping[str, Any], query: str) -> dict[str, Any]:
    """Return the columns of one `app.bsky.feed.defs#postView`; `author` and `named` hold DIDs, for the driver to replace.

    Raises
    ------
    KeyError, TypeError, ValueError : a part without which it is no post is missing.
    """
    record, author, uri = view["record"], view["author"], str(view["uri"])
    if not isinstance(record, Mapping) or not isinstance(author, Mapping):
        raise TypeError("record and author are no objects")
    seen = moment(view["indexedAt"])
    if seen is None:
        raise ValueError(f"{view['indexedAt']!r} is no date")
    at, claimed, quality = dates(record.get("createdAt"), seen, uri.rpartition("/")[2])
    row = {**record_row(uri, record, query), "created_at": at, "created_at_claimed": claimed, "time_quality": quality}
    row["author"] = str(author["did"])
    for column, key in (
        ("like_count", "likeCount"), ("repost_count", "repostCount"), ("reply_count", "replyCount"),
        ("quote_count", "quoteCount"), ("bookmark_count", "bookmarkCount"),
    ):  # fmt: skip
        row[column] = count(view.get(key))
    return row


def record_row(uri: str, record: Mapping[str, Any], query: str) -> dict[str, Any]:
    """Return the columns that a post's own record gives; all but the dates."""
    did, key = uri.removeprefix("at://").split("/")[0], uri.rpartition("/")[2]
    reply, embed = _object(record.get("reply")), _object(record.get("embed"))
    quoted = _object(embed.get("record"))
    quoted = _object(quoted.get("record")) or quoted  # beside pictures it lies one deeper
    quote_of = str(quoted["uri"]) if f"/{POST}/" in str(quoted.get("uri", "")) else None
    langs = [str(lang) for lang in record.get("langs") or [] if lang]
    links, tags, named = _features(record)
    parent, root = _object(reply.get("parent")).get("uri"), _object(reply.get("root")).get("uri")
    return {
        "platform": "bluesky",
        "id": post_id(uri),
        "url": f"https://bsky.app/profile/{did}/post/{key}",
        "thread_id": post_id(str(root or uri)),
        "kind": "reply" if parent else "quote" if quote_of else "post",
        "text": str(record["text"]),
        "text_is_excerpt": False,
        "lang": langs[0] if langs else None,
        "lang_source": "declared" if langs else None,
        "in_reply_to": post_id(str(parent)) if parent else None,
        "quote_of": post_id(quote_of) if quote_of else None,
        "links": listed(links),
        "domains": listed((urlsplit(link).hostname or "").removeprefix("www.") for link in links),
        "tags": listed(tags),
        "named": named,
        "query": query,
    }


def dates(claimed: object, seen: datetime, key: str) -> tuple[datetime, datetime | None, str]:
    """Return the date that the network sorts by, what the author's program claimed, and how far the two can be trusted.

    Parameters
    ----------
    seen : `indexedAt` of the view: when the network saw the post, or on newer servers the date it sorts by.
    key : the record key.

    Returns
    -------
    The last is `clamped` where the network moved an impossible claim (before 1970, or the future); `suspect` where the claim
    is no date, lies before the network, or the record was written a day or more after it; else `ok`.
    """
    said = moment(claimed)
    if said is None:
        return seen, None, "suspect"
    if said - seen > CLAMPED:
        return seen, said, "clamped"
    at = max(min(said, seen), _EPOCH)
    if said < _EPOCH:
        return at, said if said.year > 1900 else None, "clamped"
    written = max(filter(None, (seen, tid_moment(key))))
    return at, said, "suspect" if at < _FIRST or written - at > BACKDATED else "ok"


def tid_moment(key: str) -> datetime | None:
    """Return when a record key was drawn; None for a key that is no timestamp identifier.

    >>> tid_moment("3lkizm6uvhc2b").isoformat(timespec="seconds")
    '2025-03-16T16:09:09+00:00'
    """
    if len(key) != 13 or any(c not in _TID for c in key):
        return None
    number = 0
    for char in key:
        number = number * 32 + _TID.index(char)
    micros = number >> 10
    found = _EPOCH + timedelta(microseconds=micros) if micros < 1 << 52 else None
    return found if found is not None and found.year < 2100 else None


def moment(text: object) -> datetime | None:
    """Return an ISO date as an instant in UTC; None when it is none. Without a zone it is taken as UTC."""
    try:
        found = datetime.fromisoformat(str(text))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def without_people(found: Any) -> Any:
    """Return an answer without names, pictures and bios, and with handles in texts masked.

    Uris stay, for re-checking, each with the id under which its post is stored: by that, forgetting a post finds its answers.
    """
    if isinstance(found, Mapping):
        kept = {
            k: privacy.mask_handles(v) if k in ("text", "alt") and isinstance(v, str) else without_people(v)
            for k, v in found.items()
            if k not in _PEOPLE
        }
        uri = found.get("uri")
        return {**kept, "stored_as": post_id(uri)} if isinstance(uri, str) and uri.startswith("at://") else kept
    return [without_people(v) for v in found] if isinstance(found, list) else found


def still_shown(raw: bytes, shown: Callable[[list[str]], list[Any]]) -> Seen:
    """Return what became of the posts of a kept answer.

    Parameters
    ----------
    shown : gives the views that the network has for at most BATCH uris; what it leaves out is gone.
    """
    kept = json.loads(raw)
    uris = list(dict.fromkeys(map(_uri, _hits(kept))))
    here: set[str] = set()
    for at in range(0, len(uris), BATCH):
        here |= {str(view.get("uri")) for view in shown(uris[at : at + BATCH]) if isinstance(view, Mapping)}
    key = "posts" if "posts" in kept else "feed"
    left = {**kept, key: [hit for hit in _hits(kept) if _uri(hit) in here]}
    gone = tuple(post_id(u) for u in uris if u not in here)
    return Seen(tuple(post_id(u) for u in uris if u in here), gone, json.dumps(left, ensure_ascii=False).encode())


def _hits(kept: Mapping[str, Any]) -> list[Any]:
    """Return the posts of a kept answer: the hits themselves, not what they quote."""
    hits = kept.get("posts") or kept.get("feed") or []
    return [hit for hit in hits if isinstance(hit, Mapping) and _uri(hit)]


def _uri(hit: Mapping[str, Any]) -> str:
    return str((hit.get("post") or hit).get("uri", ""))


def _features(record: Mapping[str, Any]) -> tuple[list[str], list[str], list[str]]:
    """Return addresses, hashtags and the DIDs of the accounts named: those marked in the text, of the card, kept apart."""
    links: list[str] = []
    named: list[str] = []
    tags = [str(tag) for tag in record.get("tags") or []]
    for facet in record.get("facets") or []:
        for feature in _object(facet).get("features") or []:
            kind = str(_object(feature).get("$type", ""))
            if kind.endswith("#link"):
                links.append(privacy.mask_handles(privacy.mask_address(str(feature["uri"]))))
            elif kind.endswith("#tag"):
                tags.append(str(feature["tag"]))
            elif kind.endswith("#mention"):
                named.append(str(feature["did"]))
    external = _object(_object(record.get("embed")).get("external")).get("uri")
    card = [privacy.mask_handles(privacy.mask_address(str(external)))] if external else []
    return [*links, *card], tags, named


def _object(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, Mapping) else {}
