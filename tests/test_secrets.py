"""No key, token or password of the environment shows up in errors, notes, logs, reprs, addresses, tables or kept answers."""

from __future__ import annotations

import gzip
import importlib.util
import logging
import socket
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from sources.collect import collect
from sources.connector import Ask
from sources.errors import NeedsKey, SourceError
from sources.notify import Mail, Message, Webhook
from sources.store import Store
from tests.faults import FakeClock, Reply, Server, a_clock, a_server, fenced  # noqa: F401
from tests.social_services import KEYS, Service

#: What opens something; a client's id and the name of the user do not.
SECRETS = {name: f"planted-{name.lower()}-S3CRET" for name in KEYS if name.endswith(("KEY", "TOKEN", "SECRET"))}
SECRETS["UNDERSAID_STACKEXCHANGE_KEY"] = "planted-stackexchange-S3CRET"


@pytest.mark.parametrize("status", [200, 403])
@pytest.mark.parametrize("name", ["hackernews", "stackexchange", "youtube", "x", "gdelt", "reddit"])
def test_a_service_that_repeats_what_it_was_asked_gives_no_secret_away(
    name: str,
    status: int,
    server: Server,
    clock: FakeClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if name == "reddit" and importlib.util.find_spec("praw") is None:
        pytest.skip("praw is not installed (extra social)")
    caplog.set_level(logging.DEBUG)
    for variable, value in {**KEYS, **SECRETS}.items():
        monkeypatch.setenv(variable, value)
    one = Service(name, server, clock, tmp_path / "gates")

    def echo(n: int) -> Reply:
        asked = server.log[-1]
        said = f"bad request {asked.params} {dict(asked.headers)}"
        refused: object = {"errors": [{"reason": "keyInvalid"}], "message": said} if name == "youtube" else said
        return Reply({"error": refused, "message": said, "title": said, "detail": said, "error_message": said}, status)

    one.serve(lambda n: echo(n) if n >= (2 if name == "gdelt" else 1) else None)
    store = Store(tmp_path / "store")
    report = collect([Ask(one.source, one.asks_for(), one.window)], store, clock=clock, secret=bytes(range(32)))
    told = [repr(one.source), repr(report), caplog.text, store.read("coverage").to_pandas().to_csv()]
    told.append(store.read(one.table).to_pandas().to_csv())
    try:
        list((one.source.counts if one.table == "counts" else one.source.posts)(one.asks_for(), one.window, None))
    except SourceError as error:
        told += [str(error), repr(error), str(error.__cause__)]
    kept = [file for file in tmp_path.rglob("*") if file.is_file()]
    told += [gzip.decompress(f.read_bytes()).decode() for f in kept if f.suffix == ".gz"]
    told += [f.read_bytes().decode("latin-1") for f in kept if f.suffix != ".gz"]
    assert kept
    assert [text[max(0, text.find("S3CRET") - 200) :][:260] for text in told if "S3CRET" in text] == []


@pytest.mark.parametrize("status", [200, 403, 500])
def test_the_address_of_a_webhook_is_never_told(status: int, server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    path = "/services/T0/planted-S3CRET"
    server.route(path, lambda asked: Reply({"said": f"no such hook {asked.path}"}, status))
    hook = Webhook(server.url + path)
    told = [repr(hook), str(hook)]
    try:
        hook.send(Message("key", "subject", "text", {}))
    except SourceError as error:
        told += [str(error), repr(error), str(error.__cause__)]
    assert "HTTP Request" in caplog.text, "the address would stand here"
    assert [text for text in (*told, caplog.text) if "S3CRET" in text] == []


def test_the_password_of_a_mail_server_is_never_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Refusing:
        def __call__(self, *given: object) -> AuthResult:
            repeated = f"535 5.7.8 {given[-1]!r} planted-S3CRET-word is wrong"
            return AuthResult(success=False, handled=False, message=repeated)

    caplog.set_level(logging.DEBUG, logger="sources")
    monkeypatch.setenv("UNDERSAID_SMTP_USER", "team")
    monkeypatch.setenv("UNDERSAID_SMTP_PASSWORD", "planted-S3CRET-word")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mails = Controller(
        object(),
        "127.0.0.1",
        port,
        authenticator=Refusing(),
        auth_require_tls=False,
        ready_timeout=60,
    )
    mails.start()
    try:
        with pytest.raises(NeedsKey) as refused:
            Mail("127.0.0.1", "a@example.org", ("b@example.org",), port, "none").send(
                Message("key", "subject", "text", {})
            )
    finally:
        mails.stop()
    told = [str(refused.value), repr(refused.value), caplog.text]
    assert [text for text in told if "S3CRET" in text] == []
