"""Nothing that a study names, and nothing that a service sends on to, reaches into the private network."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sources.breaker import Gate
from sources.connector import Query, Window
from sources.errors import BadQuery, NotAllowed, SourceError
from sources.notify import Mail, Message, Webhook, body, channels
from sources.outward import check_address, may_reach, outward
from sources.social.bluesky_stream import Stream
from sources.social.mastodon import Mastodon
from sources.transport import HttpTransport, Wire
from tests.faults import HASTY, FakeClock, Reply, Server, a_clock, fenced, utc  # noqa: F401

MESSAGE = Message("a-1", "Noise is up", "Twice as many posts.", {})


@pytest.fixture
def inside() -> Iterator[Server]:
    """A service of the private network, which no study may ask: 127.0.0.2."""
    found = Server("127.0.0.2")
    yield found
    found.close()


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Nothing private is allowed, and every name resolves to this machine, as after a rebinding."""
    monkeypatch.setenv("UNDERSAID_PRIVATE_HOSTS", "")
    really = socket.getaddrinfo

    def resolve(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        return really("127.0.0.1" if str(name).endswith(".example") else host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return lambda allowed: monkeypatch.setenv("UNDERSAID_PRIVATE_HOSTS", allowed)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::",
    ],
)  # fmt: skip
def test_addresses_of_private_networks_are_not_reached_however_they_are_written(address: str, closed: Any) -> None:
    assert not may_reach(address)
    with (
        pytest.raises(NotAllowed, match=r"leads into a private network.*UNDERSAID_PRIVATE_HOSTS"),
        outward(f"[{address}]" if ":" in address else address),
    ):
        raise AssertionError("it must not come to this")


def test_addresses_of_the_internet_are_reached_and_private_ones_when_named_or_in_a_named_network(closed: Any) -> None:
    assert may_reach("1.1.1.1")
    assert may_reach("2606:4700::1111")
    closed("10.0.0.0/8, mail.example")
    assert may_reach("10.200.3.4")
    assert not may_reach("192.168.0.1")
    assert may_reach("127.0.0.1"), "the address that an allowed name has at this moment"
    assert may_reach("mail.example")


def by_transport(port: int, gate: Gate) -> None:
    HttpTransport(gate).get(f"https://search.example:{port}/x", manners=HASTY)


def by_mastodon(port: int, gate: Gate) -> None:
    source = Mastodon({"instances": [f"social.example:{port}"]}, Wire(gate=gate), manners=HASTY)
    list(source.posts(Query("noise", "noise"), Window(utc(2026, 1, 1), utc(2026, 2, 1)), None))


def by_stream(port: int, gate: Gate) -> None:
    list(Stream(Wire(gate=gate), f"wss://relay.example:{port}", HASTY, quiet=1).frames(0))


def by_webhook(port: int, gate: Gate) -> None:
    Webhook(f"https://hook.example:{port}/secret").send(MESSAGE)


def by_mail(port: int, gate: Gate) -> None:
    Mail("mail.example", "a@example.org", ("b@example.org",), port=port, security="none").send(MESSAGE)


@pytest.mark.parametrize("send", [by_transport, by_mastodon, by_stream, by_webhook, by_mail])
def test_a_name_that_leads_inside_is_stopped_at_the_connection_whatever_library_makes_it(
    send: Callable[[int, Gate], None],
    closed: Any,
    clock: FakeClock,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.05)
        with pytest.raises(NotAllowed, match=r"leads into a private network \(127\.0\.0\.1\)") as caught:
            send(trap.getsockname()[1], Gate(clock=clock))
        with pytest.raises(TimeoutError):
            trap.accept()
    assert "secret" not in str(caught.value)


def test_a_service_that_sends_on_to_the_inside_is_not_followed(
    inside: Server,
    closed: Any,
    clock: FakeClock,
) -> None:
    closed("127.0.0.1")
    outside = Server()
    try:
        outside.route("/", Reply("", 302, {"Location": f"{inside.url}/latest/meta-data/"}))
        with pytest.raises(NotAllowed, match=r"private network \(127\.0\.0\.2\)"):
            HttpTransport(Gate(clock=clock)).get(f"{outside.url}/", manners=HASTY)
        source = Mastodon({"instances": [outside.url]}, Wire(gate=Gate(clock=clock)), manners=HASTY)
        with pytest.raises(NotAllowed, match=r"private network \(127\.0\.0\.2\)"):
            list(source.posts(Query("noise", "noise"), Window(utc(2026, 1, 1), utc(2026, 2, 1)), None))
        assert len(outside.asked()) >= 2
        assert inside.asked() == []
    finally:
        outside.close()


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://a.org/x",
        "gopher://a.org",
        "http://a.org",
        "//a.org",
        "https://",
        "https://[",
        "javascript:x",
    ],
)
def test_only_encrypted_addresses_of_the_web_are_asked(url: str, closed: Any, clock: FakeClock) -> None:
    with pytest.raises(BadQuery):
        check_address(url)
    with pytest.raises(BadQuery):
        HttpTransport(Gate(clock=clock)).get(url)


def test_a_password_in_an_address_is_refused_and_not_repeated(closed: Any) -> None:
    with pytest.raises(BadQuery, match="holds a name or password") as caught:
        check_address("https://anna:hunter2@a.org/x")
    assert "hunter2" not in str(caught.value)
    assert check_address("https://a.org/x") == "https://a.org/x"


def test_a_variable_that_holds_no_address_is_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UNDERSAID_X_TOKEN", "AAAA-very-secret")
    (channel,) = channels({"webhook": {"env": "UNDERSAID_X_TOKEN"}}, tmp_path)
    with pytest.raises(SourceError) as caught:
        channel.send(MESSAGE)
    assert "very-secret" not in str(caught.value)


@pytest.mark.parametrize("path", ["../elsewhere.jsonl", "/etc/cron.d/undersaid", "a/../../b"])
def test_messages_are_written_inside_the_folder_of_the_study_only(path: str, tmp_path: Path) -> None:
    with pytest.raises(BadQuery, match="outside of the study's folder"):
        channels({"file": {"path": path}}, tmp_path)
    assert channels({"file": {"path": "told/alerts.jsonl"}}, tmp_path)[0].path == tmp_path / "told" / "alerts.jsonl"


def test_other_peoples_words_become_no_link_no_mention_and_no_header_in_a_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = Message("k", "[pay](https://evil.test)\r\nBcc: all@example.org", "<!channel> *x* [a](https://evil.test)", {})
    slack, teams = str(body(told, "slack")["blocks"][1]), str(body(told, "teams"))
    assert "<!channel>" not in slack
    assert "[pay](" not in teams
    assert "[a](" not in teams
    sent: list[Any] = []

    class Line:
        def __enter__(self) -> Line:
            return self

        def __exit__(self, *_: object) -> None:
            """Nothing to close."""

        def send_message(self, mail: Any) -> None:
            sent.append(mail)

    monkeypatch.setattr(Mail, "_connect", lambda self: Line())
    Mail("smtp.example", "a@example.org", ("b@example.org",)).send(told)
    assert sent[0]["Bcc"] is None
    assert "\n" not in sent[0]["Subject"]
