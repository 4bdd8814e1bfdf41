"""Plants posts in a real Bluesky network, as its members would: over the protocol, without our own code."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

PASSWORD = "correct horse battery"
POST = "app.bsky.feed.post"


class Member:
    """An account with a session."""

    def __init__(self, http: httpx.Client, handle: str) -> None:
        self.http, self.handle = http, handle
        made = self.call(
            "com.atproto.server.createAccount",
            {"handle": handle, "email": f"{handle.split('.')[0]}@example.org", "password": PASSWORD},
        )
        self.did, self.token = made["did"], made["accessJwt"]
        self.call(
            "com.atproto.repo.createRecord",
            self._record("app.bsky.actor.profile", {"displayName": "Marie Durand"}, "self"),
        )

    def call(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"} if hasattr(self, "token") else {}
        answer = self.http.post(f"/xrpc/{method}", json=body, headers=headers)
        assert answer.status_code == 200, (method, answer.status_code, answer.text)
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found

    def get(self, method: str, **params: Any) -> dict[str, Any]:
        answer = self.http.get(f"/xrpc/{method}", params=params, headers={"Authorization": f"Bearer {self.token}"})
        assert answer.status_code == 200, (method, answer.status_code, answer.text)
        found: dict[str, Any] = answer.json()
        return found

    def app_password(self) -> str:
        return str(self.call("com.atproto.server.createAppPassword", {"name": "undersaid"})["password"])

    def post(self, records: list[dict[str, Any]]) -> list[str]:
        """Write posts in one commit; return their uris."""
        writes = [{"$type": "com.atproto.repo.applyWrites#create", "collection": POST, "value": r} for r in records]
        done = self.call("com.atproto.repo.applyWrites", {"repo": self.did, "writes": writes})
        return [str(result["uri"]) for result in done["results"]]

    def delete(self, uri: str) -> None:
        key = uri.rpartition("/")[2]
        self.call("com.atproto.repo.deleteRecord", {"repo": self.did, "collection": POST, "rkey": key})

    def follow(self, other: Member) -> None:
        record = {"subject": other.did, "createdAt": stamp(datetime.now(UTC))}
        self.call("com.atproto.repo.createRecord", self._record("app.bsky.graph.follow", record))

    def repost(self, uri: str) -> None:
        cid = self.get("app.bsky.feed.getPosts", uris=[uri])["posts"][0]["cid"]
        record = {"subject": {"uri": uri, "cid": cid}, "createdAt": stamp(datetime.now(UTC))}
        self.call("com.atproto.repo.createRecord", self._record("app.bsky.feed.repost", record))

    def _record(self, collection: str, record: dict[str, Any], key: str = "") -> dict[str, Any]:
        found = {"repo": self.did, "collection": collection, "record": {"$type": collection, **record}}
        return {**found, "rkey": key} if key else found


class Network:
    """The running network with three members and what they have written."""

    def __init__(self, url: str, view: str) -> None:
        self.url, self.view = url, view
        self.http = httpx.Client(base_url=url, timeout=30)
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.members = [Member(self.http, f"{name}.test") for name in ("alice", "bob", "carl")]
        self.password = self.members[0].app_password()
        self.uris: list[str] = []

    def plant(self, posts: int, *, days: int) -> None:
        dates = [self.now - timedelta(days=days) + i * timedelta(days=days) / posts for i in range(posts)]
        for n, member in enumerate(self.members):
            own = [record(f"pompe à chaleur n°{i} #chauffage", dates[i]) for i in range(n, posts, 3)]
            self.uris += member.post(own)
        self.settle(posts)

    def settle(self, posts: int, words: str = "pompe") -> None:
        """Wait until the view has taken in what was written."""
        self.until(lambda: self.count(words) == posts)

    def until(self, there: Callable[[], bool], seconds: float = 30.0) -> None:
        end = time.monotonic() + seconds
        while not there():
            assert time.monotonic() < end, "the view did not take in what was written"
            time.sleep(0.2)

    def count(self, words: str) -> int:
        """How many posts a plain walk finds that ends where the ceiling is met, month by month."""
        found: set[str] = set()
        for month in range(0, 90, 15):
            since, until = (
                self.now - timedelta(days=month + 15),
                self.now - timedelta(days=month - (2 if not month else 0)),
            )
            cursor: dict[str, str] = {}
            while True:
                asked = {"q": words, "limit": 100, "since": stamp(since), "until": stamp(until), **cursor}
                page = self.members[0].get("app.bsky.feed.searchPosts", **asked)
                found |= {post["uri"] for post in page["posts"]}
                if not page.get("cursor"):
                    break
                cursor = {"cursor": page["cursor"]}
        return len(found)

    def close(self) -> None:
        self.http.close()


def record(text: str, at: datetime | str, **more: Any) -> dict[str, Any]:
    when = at if isinstance(at, str) else stamp(at)
    return {"$type": POST, "text": text, "createdAt": when, "langs": ["fr"], **more}


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
