"""Small social networks on loopback that answer in the shapes of the real ones, ceilings and closed doors included."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.faults import Asked, Reply, Server

DID = "did:plc:{:024d}"
TID = "234567abcdefghijklmnopqrstuvwxyz"


def tid(at: datetime) -> str:
    """A record key as a program draws it from the clock."""
    number = int(at.timestamp() * 1_000_000) << 10
    return "".join(TID[(number >> 5 * i) & 31] for i in reversed(range(13)))


def jwt(**claims: Any) -> str:
    parts = ({"alg": "ES256K", "typ": "at+jwt"}, claims)
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*coded, "c2ln"])


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class BlueskyServer:
    """Search with a ceiling of `cap` hits a question, feeds, profiles, deletions; logins that can be refused or forgotten."""

    def __init__(self, server: Server, *, posts: int = 60, days: int = 30, cap: int = 10_000) -> None:
        self.server, self.cap, self.password, self.tokens = server, cap, "pass-word", set[str]()
        self.first, self.step = datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=days) / max(posts, 1)
        self.views = [self.view(i, self.first + i * self.step) for i in range(posts)]
        self.at_the_ceiling = "silence"  # or "fault"
        self.knows_dates = True
        for name, answer in {
            "com.atproto.server.createSession": self._login,
            "app.bsky.feed.searchPosts": self._search,
            "app.bsky.feed.getAuthorFeed": self._feed,
            "app.bsky.feed.getPosts": self._posts,
            "app.bsky.actor.getProfiles": self._profiles,
        }.items():
            server.route(f"/xrpc/{name}", answer)

    @property
    def options(self) -> dict[str, Any]:
        return {"service": self.server.url, "handle": "asker.test"}

    def view(
        self, i: int, at: datetime, text: str = "pompe à chaleur n°{} @marie.test", **record: Any
    ) -> dict[str, Any]:
        did = DID.format(i % 7)
        said = {"$type": "app.bsky.feed.post", "text": text.format(i), "createdAt": iso(at), "langs": ["fr"], **record}
        return {
            "uri": f"at://{did}/app.bsky.feed.post/{tid(at)}",
            "cid": "bafy",
            "author": {
                "did": did,
                "handle": f"user{i % 7}.test",
                "displayName": "Marie Durand",
                "avatar": "http://x/a.jpg",
            },
            "record": said,
            "indexedAt": iso(at),
            "likeCount": i,
            "repostCount": 0,
            "replyCount": 1,
            "quoteCount": 0,
            "labels": [],
        }

    def asked(self) -> list[Asked]:
        return self.server.asked("/xrpc/app.bsky.feed.searchPosts")

    def _login(self, asked: Asked) -> Reply:
        said = json.loads(asked.body)
        if said["password"] != self.password:
            return Reply({"error": "AuthenticationRequired", "message": "Invalid identifier or password"}, 401)
        token = jwt(exp=4_102_444_800, n=len(self.tokens))
        self.tokens.add(token)
        names = {"did": DID.format(99), "handle": said["identifier"]}
        return Reply({**names, "accessJwt": token, "refreshJwt": token, "active": True})

    def _refused(self, asked: Asked) -> Reply | None:
        if asked.headers.get("authorization", "").removeprefix("Bearer ") in self.tokens:
            return None
        return Reply({"error": "ExpiredToken", "message": "Token has expired"}, 400)

    def _search(self, asked: Asked) -> Reply:
        if refusal := self._refused(asked):
            return refusal
        since, until = asked.params["since"], asked.params["until"]
        words = asked.params["q"].replace('"', "").casefold()
        found = [v for v in self.views if words in v["record"]["text"].casefold()]
        if self.knows_dates:
            found = [v for v in found if since <= v["indexedAt"] < until]
        found.sort(key=lambda v: v["indexedAt"], reverse=True)
        at, limit = int(asked.params.get("cursor", 0)), int(asked.params["limit"])
        if at + limit > self.cap and self.at_the_ceiling == "fault" and at:
            return Reply({"error": "UpstreamFailure", "message": "result window too large"}, 502)
        given = found[at : min(at + limit, self.cap)]
        more = at + len(given) < min(len(found), self.cap) or (self.at_the_ceiling == "fault" and len(given) == limit)
        return Reply({"posts": given, **({"cursor": str(at + len(given))} if more else {})})

    def _feed(self, asked: Asked) -> Reply:
        if refusal := self._refused(asked):
            return refusal
        did = {f"user{i}.test": DID.format(i) for i in range(7)}.get(asked.params["actor"])
        if did is None:
            return Reply({"error": "InvalidRequest", "message": "Profile not found"}, 400)
        own = [{"post": v} for v in self.views if v["author"]["did"] == did]
        at, page = int(asked.params.get("cursor", 0)), own[::-1]
        more = at + 5 < len(page)
        return Reply({"feed": page[at : at + 5], **({"cursor": str(at + 5)} if more else {})})

    def _posts(self, asked: Asked) -> Reply:
        wanted = asked.lists["uris"]
        if len(wanted) > 25:
            return Reply({"error": "InvalidRequest", "message": "uris must not have more than 25 elements"}, 400)
        return Reply({"posts": [v for v in self.views if v["uri"] in wanted]})

    def _profiles(self, asked: Asked) -> Reply:
        asked_for = asked.lists["actors"]
        known = [{"did": DID.format(i), "handle": f"user{i}.test", "followersCount": 100 + i} for i in range(6)]
        return Reply({"profiles": [p for p in known if p["did"] in asked_for]})


class MastodonServer:
    """Public hashtag timelines by `max_id`, without Link headers; `closed` says how the instance closes its feeds."""

    def __init__(self, server: Server, *, posts: int = 130, days: int = 30, at: str = "") -> None:
        self.server, self.closed, self.base = server, 0, f"{server.url}{at}"
        first, step = datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=days) / max(posts, 1)
        self.statuses = [self.status(i, first + i * step) for i in range(posts)]
        self.heeds_max_id = True
        server.route(f"{at}/api/v1/timelines/tag/", self._tag)
        server.route(f"{at}/api/v1/statuses/", self._status)

    def status(self, i: int, at: datetime, **more: Any) -> dict[str, Any]:
        number = str(int(at.timestamp() * 1000) << 16)
        who = f"user{i % 7}"
        return {
            "id": number,
            "uri": f"https://elsewhere.test/users/{who}/statuses/{number}",
            "url": f"https://elsewhere.test/@{who}/{number}",
            "created_at": iso(at),
            "content": f'<p>Pompe à chaleur n°{i} <a href="https://exemple.test/{i}">exemple.test/{i}</a><br>'
            '<span class="h-card"><a href="https://elsewhere.test/@marie" class="u-url mention">@<span>marie</span></a>'
            "</span></p>",
            "language": "fr",
            "visibility": "public",
            "in_reply_to_id": None,
            "reblog": None,
            "favourites_count": i,
            "reblogs_count": 0,
            "replies_count": 0,
            "tags": [{"name": "pompeachaleur"}],
            "account": {
                "acct": f"{who}@elsewhere.test",
                "bot": i % 7 == 3,
                "followers_count": 10 * i,
                "display_name": "Marie Durand",
                "note": "<p>bio</p>",
                "avatar": "http://x/a.jpg",
            },
            **more,
        }

    def _tag(self, asked: Asked) -> Reply:
        if self.closed:
            return Reply({"error": "This method requires an authenticated user"}, self.closed)
        tag = asked.path.rsplit("/", 1)[1].casefold()
        found = [s for s in self.statuses if tag in [t["name"] for t in s["tags"]]][::-1]
        if "max_id" in asked.params and self.heeds_max_id:
            found = [s for s in found if int(s["id"]) < int(asked.params["max_id"])]
        return Reply(found[: int(asked.params.get("limit", 20))])

    def _status(self, asked: Asked) -> Reply:
        number = asked.path.rsplit("/", 1)[1]
        found = [s for s in self.statuses if s["id"] == number]
        return Reply(found[0]) if found else Reply({"error": "Record not found"}, 404)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
