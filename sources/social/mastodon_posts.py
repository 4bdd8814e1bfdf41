"""A Mastodon status as a row of the posts table, its people left out.

References
----------
https://docs.joinmastodon.org/entities/Status/;
https://www.w3.org/TR/activitypub/#obj-id (the address that names a post everywhere)
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sources import privacy
from sources.social.rows import count, instant, listed, plain

#: Of an answer: what tells who a person is.
_PEOPLE = frozenset(
    {"username", "acct", "display_name", "note", "url", "uri", "avatar", "avatar_static", "avatar_description", "header",
     "header_static", "header_description", "fields", "roles", "emojis", "moved"}
)  # fmt: skip


def status_row(status: Mapping[str, Any], query: str, instance: str, now: datetime) -> dict[str, Any]:
    """Return the columns of one status; `author` and `named` hold full account names, for the driver to replace.

    Parameters
    ----------
    instance : host that gave it; accounts without a host of their own are its.
    now : when it was given: a later date cannot be.

    Raises
    ------
    KeyError, TypeError, ValueError : a part without which it is no post is missing.
    """
    account, reblog = status["account"], status.get("reblog")
    local = urlsplit(str(status["uri"])).hostname or instance
    at = instant(status["created_at"])
    links = _links(status)
    reply = status.get("in_reply_to_id")
    lang = status.get("language")
    return {
        "platform": "mastodon",
        "id": post_id(str(status["uri"])),
        "url": str(status["url"]) if status.get("url") else None,
        "kind": "repost" if reblog else "reply" if reply else "post",
        "created_at": min(at, now),
        "created_at_claimed": at if at > now else None,
        "time_quality": "clamped" if at > now else "ok",
        "text": plain(str(status["content"])),
        "title": plain(status.get("spoiler_text") or None),
        "text_is_excerpt": False,
        "lang": str(lang) if lang else None,
        "lang_source": "declared" if lang else None,
        # One person met on two instances is one person.
        "author": _full(account, local),
        "named": [_full(m, local) for m in status.get("mentions") or []] if not reblog else [],
        "author_kind": _kind(account),
        "author_followers": count(account.get("followers_count")),
        "repost_of": post_id(str(reblog["uri"])) if reblog else None,
        "like_count": count(status.get("favourites_count")),
        "repost_count": count(status.get("reblogs_count")),
        "reply_count": count(status.get("replies_count")),
        "links": listed(links),
        "domains": listed((urlsplit(link).hostname or "").removeprefix("www.") for link in links),
        "tags": listed(str(t["name"]) for t in status.get("tags") or []),
        "query": query,
    }


def post_id(uri: str) -> str:
    """Return the id under which a post is stored: a hash of its address, the same on every instance, which names its author."""
    return f"ap:{hashlib.sha256(uri.encode()).hexdigest()[:32]}"


def _full(account: Mapping[str, Any], local: str) -> str:
    """Return the account name with its host."""
    name = str(account["acct"])
    return name if "@" in name else f"{name}@{local}"


def _kind(account: Mapping[str, Any]) -> str | None:
    if account.get("group"):
        return "group"
    # That an account is no robot does not make it a person: the field says nothing about companies.
    return "bot" if account.get("bot") else None


def kept_answer(found: list[Any], instance: str) -> bytes:
    """Return an answer without its people; posts keep the instance's own number, by which they can be looked up again."""
    statuses = [
        {**_cut(s), "post": post_id(str(s["uri"]))}
        for s in found
        if isinstance(s, Mapping) and s.get("uri") and s.get("id")
    ]
    return json.dumps({"instance": instance, "statuses": statuses}, ensure_ascii=False).encode()


def _cut(found: Any) -> Any:
    if isinstance(found, Mapping):
        kept = {k: _cut(v) for k, v in found.items() if k not in _PEOPLE and k != "mentions"}
        for key in ("content", "text", "spoiler_text"):
            if isinstance(found.get(key), str):
                kept[key] = privacy.mask_handles(plain(found[key]) or "")
        return kept
    return [_cut(v) for v in found] if isinstance(found, list) else found


def _links(status: Mapping[str, Any]) -> list[str]:
    """Return the addresses in the text, without those by which servers mark people and hashtags."""
    marked = {str(_part(m).get("url")) for key in ("tags", "mentions") for m in status.get(key) or []}
    found = re.findall(r'<a [^>]*?href="(https?://[^"]+)"', str(status["content"]))
    own = (link for link in found if link not in marked and not any(m in link for m in ("/@", "/tags/", "?t=")))
    return [privacy.mask_handles(privacy.mask_address(link)) for link in own]


def _part(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, Mapping) else {}
