"""Every fault of a service or of the line to it ends in the right typed error and a coverage row; what came before is kept."""

from __future__ import annotations

import importlib.util
from datetime import timedelta
from pathlib import Path

import pytest

from sources import transport
from sources.collect import collect
from sources.connector import Ask
from sources.errors import Changed, NeedsKey, NotAllowed, SourceError, Throttled, Unavailable
from sources.store import Store
from tests import social_services
from tests.faults import FakeClock, Reply, Server, a_clock, a_server, fenced  # noqa: F401
from tests.social_services import KEYS, Service

SECRET = bytes(range(32))
SERVICES = ["hackernews", "stackexchange", "youtube", "x", "gdelt", "reddit"]
PAGE = "<!doctype html><html><body>Please log in</body></html>"
LATER = 7200

FAULTS: dict[str, tuple[Reply, type[SourceError]]] = {
    "html_403": (Reply(PAGE, 403, type="text/html"), NotAllowed),
    "html_200_of_a_captive_portal": (Reply(PAGE, type="text/html"), NotAllowed),
    "html_502": (Reply(PAGE, 502, type="text/html"), Unavailable),
    "json_503": (Reply({"error": "busy"}, 503), Unavailable),
    "429_with_retry_after": (Reply("{}", 429, {"Retry-After": str(LATER)}), Throttled),
    "429_without_any_header": (Reply("", 429), Throttled),
    "truncated_body": (Reply({"a": 1}, mode="truncated"), Unavailable),
    "bad_json": (Reply("{bad json}"), Changed),
    "empty_200": (Reply(""), Changed),
    "wrong_shape": (Reply({"hello": 1}), Changed),
    "list_for_dict": (Reply([]), Changed),
    "bad_gzip": (Reply({"a": 1}, mode="bad_gzip"), Unavailable),
    "redirect_loop": (Reply("", 302, {"Location": "/loop"}), Changed),
    "reset": (Reply(mode="reset"), Unavailable),
    "slow": (Reply({"a": 1}, mode="slow"), Unavailable),
    "401": (Reply({"error": "unauthorized"}, 401), NeedsKey),
}

#: How each service says that a key or login is no longer good.
EXPIRED = {
    "stackexchange": Reply({"error_id": 403, "error_name": "access_denied", "error_message": "key is not valid"}, 400),
    "youtube": Reply({"error": {"code": 400, "message": "API key expired", "errors": [{"reason": "keyExpired"}]}}, 400),
    "x": Reply({"title": "Unauthorized", "status": 401}, 401),
    "reddit": Reply({"error": 400, "message": "ExpiredToken"}, 400),
}  # fmt: skip


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("UNDERSAID_STACKEXCHANGE_KEY", raising=False)


def service(name: str, server: Server, clock: FakeClock, folder: Path) -> Service:
    if name == "reddit" and importlib.util.find_spec("praw") is None:
        pytest.skip("praw is not installed (extra social)")
    return Service(name, server, clock, folder)


def fails_after_one_page(one: Service, fault: Reply, kind: type[SourceError], clock: FakeClock, folder: Path) -> str:
    """Collect a page, then meet the fault at every try; return the note of the coverage."""
    one.server.route("/loop", Reply("", 302, {"Location": "/loop"}))
    first = 2 if one.name == "gdelt" else 1  # GDELT asks twice for a page
    one.serve(lambda n: fault if n >= first else None)
    store = Store(folder / "store")
    report = collect([Ask(one.source, one.asks_for(), one.window)], store, clock=clock, secret=SECRET)
    assert len(store.read(one.table)) == one.size, "what came before the fault is kept"
    coverage = store.read("coverage").to_pandas()
    assert coverage["status"].tolist() == ["partial"]
    assert coverage["rows"].tolist() == [one.size]
    assert report.unfinished == 1
    walk = one.source.counts if one.table == "counts" else one.source.posts
    raised = []
    for _ in range(3):  # as the driver does; Reddit's login is renewed by the second try
        one.asked = first
        try:
            list(walk(one.asks_for(), one.window, None))
        except SourceError as error:
            raised.append(error)
            if not isinstance(error, Unavailable):
                break
    assert isinstance(raised[-1], kind), raised
    return str(coverage["note"][0])


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", SERVICES)
def test_a_fault_in_mid_walk(
    name: str, fault: str, server: Server, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply, kind = FAULTS[fault]
    if fault == "slow":  # the server takes a second; a busy machine must not make the other faults slow
        monkeypatch.setattr(transport, "READ_SECONDS", 0.4)
        monkeypatch.setattr(social_services, "TIMEOUT", 0.4)
    one = service(name, server, clock, tmp_path / "gates")
    note = fails_after_one_page(one, reply, kind, clock, tmp_path)
    assert note.endswith("."), "a sentence that says what happened"


@pytest.mark.parametrize("name", EXPIRED)
def test_a_key_that_has_expired_in_mid_walk(name: str, server: Server, clock: FakeClock, tmp_path: Path) -> None:
    one = service(name, server, clock, tmp_path / "gates")
    note = fails_after_one_page(one, EXPIRED[name], NeedsKey, clock, tmp_path)
    assert any(word in note for word in KEYS) or "UNDERSAID_" in note, "the remedy names the variable"


@pytest.mark.parametrize("name", SERVICES)
def test_a_429_that_names_its_time_is_left_for_then(
    name: str, server: Server, clock: FakeClock, tmp_path: Path
) -> None:
    one = service(name, server, clock, tmp_path / "gates")
    first = 2 if name == "gdelt" else 1
    one.serve(lambda n: FAULTS["429_with_retry_after"][0] if n >= first else None)
    began = clock.now()
    report = collect([Ask(one.source, one.asks_for(), one.window)], Store(tmp_path / "s"), clock=clock, secret=SECRET)
    assert report.retry_at is not None
    assert abs(report.retry_at - began - timedelta(seconds=LATER)) < timedelta(minutes=1)
    asked = one.asked
    clock.sleep(LATER + 60)
    one.serve()
    report = collect([Ask(one.source, one.asks_for(), one.window)], Store(tmp_path / "s"), clock=clock, secret=SECRET)
    assert report.unfinished == 0, "the next call ends what this one could not"
    assert one.asked > asked


@pytest.mark.parametrize("name", SERVICES)
def test_a_fault_that_passes_costs_nothing(name: str, server: Server, clock: FakeClock, tmp_path: Path) -> None:
    one = service(name, server, clock, tmp_path / "gates")
    first = 2 if name == "gdelt" else 1
    one.serve(lambda n: FAULTS["html_502"][0] if n == first else None)
    store = Store(tmp_path / "store")
    report = collect([Ask(one.source, one.asks_for(), one.window)], store, clock=clock, secret=SECRET)
    rows = store.read(one.table).to_pandas()
    key = "period" if one.table == "counts" else "id"
    assert rows[key].is_unique
    assert len(rows) == (731 if name == "gdelt" else 20)
    assert (report.unfinished, set(store.read("coverage").to_pandas()["status"])) == (0, {"complete"})


@pytest.mark.parametrize("name", [s for s in SERVICES if s != "gdelt"])
def test_an_item_that_cannot_be_read_costs_none_of_the_others(
    name: str, server: Server, clock: FakeClock, tmp_path: Path
) -> None:
    one = service(name, server, clock, tmp_path / "gates")
    good = one._good

    def spoiled(page: int) -> Reply:
        reply = good(page)
        one.spoil(reply.body)
        return reply

    one._good = spoiled
    one.serve()
    store = Store(tmp_path / "store")
    collect([Ask(one.source, one.asks_for(), one.window)], store, clock=clock, secret=SECRET)
    coverage = store.read("coverage").to_pandas()
    assert coverage["rejected"].tolist() == [2]
    assert coverage["rows"].tolist() == [18]


@pytest.mark.parametrize("name", [s for s in SERVICES if s != "gdelt"])
def test_items_none_of_which_can_be_read_are_a_change_of_the_service_and_not_silence(
    name: str, server: Server, clock: FakeClock, tmp_path: Path
) -> None:
    one = service(name, server, clock, tmp_path / "gates")
    good = one._good
    keys = {"hackernews": "hits", "youtube": "items", "stackexchange": "items", "x": "data"}

    def unreadable(page: int) -> Reply:
        body = good(page).body
        if name == "reddit":
            body["data"]["children"] = [{"kind": "t3", "data": {}}] * 3
        else:
            body[keys[name]] = [{"renamed": 1}] * 3
        return Reply(body)

    one._good = unreadable
    one.serve()
    with pytest.raises(Changed, match="none of 3"):
        list(one.source.posts(one.asks_for(), one.window, None))


@pytest.mark.parametrize("name", ["youtube", "x", "reddit"])
def test_without_a_key_nobody_is_asked_and_the_remedy_is_named(
    name: str, server: Server, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in KEYS:
        monkeypatch.delenv(variable)
    one = service(name, server, clock, tmp_path / "gates")
    one.serve()
    assert not one.source.check().works
    assert f"UNDERSAID_{name.upper()}" in one.source.check().why
    with pytest.raises(NeedsKey, match=f"UNDERSAID_{name.upper()}"):
        list(one.source.posts(one.asks_for(), one.window, None))
    store = Store(tmp_path / "store")
    collect([Ask(one.source, one.asks_for(), one.window)], store, clock=clock, secret=SECRET)
    coverage = store.read("coverage").to_pandas()
    assert coverage["status"].tolist() == ["not_tried"]
    assert f"UNDERSAID_{name.upper()}" in coverage["note"][0]
    assert server.log == []
