"""Watching: told once, whatever is killed; retried where it was plainly not taken; a real mail server and a real webhook."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from explorer.outbox import PAUSES, Outbox
from explorer.study import BadStudy, Study, parse_study, read_study
from explorer.verdicts import precision, say_verdict, verdicts
from explorer.watch import FILE_NAME, watch
from sources.errors import BadFile, BadQuery, NeedsKey, NotAllowed, Unavailable
from sources.notify import File, Mail, Message, Unclear, Webhook, body, channels

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
MESSAGE = Message("noise/posts/2026-06-20", "Noise & <fire>", "12 posts where 2 are usual\nété", {"observed": 12})


class Inbox:
    """Keeps the mails that arrive; refuses as many as asked."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802  (the name aiosmtpd calls)
        if self.refuse:
            return self.refuse.pop(0)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, Mail]]:
    kept = Inbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(kept, hostname="127.0.0.1", port=port, ready_timeout=60)
    server.start()
    yield kept, Mail("127.0.0.1", "watch@example.org", ("team@example.org",), port=port, security="none")
    server.stop()


class Hook(BaseHTTPRequestHandler):
    """Keeps what is posted; answers as asked."""

    seen: ClassVar[list[tuple[dict[str, str], dict[str, Any]]]] = []
    answers: ClassVar[list[int]] = []

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.answers.pop(0) if self.answers else 200
        if status == 0:  # taken, and then the line breaks
            self.seen.append((dict(self.headers), sent))
            self.connection.close()
            return
        if status < 300:
            self.seen.append((dict(self.headers), sent))
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hook() -> Iterator[str]:
    Hook.seen, Hook.answers = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_mail_arrives_whole_with_an_id_of_its_own(inbox: tuple[Inbox, Mail]) -> None:
    kept, mail = inbox
    mail.send(MESSAGE)
    (arrived,) = kept.mails
    assert arrived["Subject"] == MESSAGE.subject
    assert arrived["To"] == "team@example.org"
    assert arrived["Message-ID"] == "<noise-posts-2026-06-20@undersaid>"
    assert arrived.get_content().splitlines() == MESSAGE.text.splitlines()


def test_what_a_mail_server_says_decides_whether_it_is_tried_again(inbox: tuple[Inbox, Mail]) -> None:
    kept, mail = inbox
    kept.refuse = ["451 try later", "554 never"]
    with pytest.raises(Unavailable):
        mail.send(MESSAGE)
    with pytest.raises(NotAllowed):
        mail.send(MESSAGE)
    with pytest.raises(Unavailable):
        Mail("127.0.0.1", "a@example.org", ("b@example.org",), port=1, security="none").send(MESSAGE)
    assert kept.mails == []


@pytest.mark.parametrize("shape", ["generic", "slack", "teams"])
def test_a_webhook_gets_the_shape_it_reads(hook: str, shape: str) -> None:
    Webhook(hook, shape).send(MESSAGE)
    ((headers, sent),) = Hook.seen
    assert headers["Idempotency-Key"] == "noise-posts-2026-06-20"
    if shape == "generic":
        assert sent == {"key": MESSAGE.key, "subject": MESSAGE.subject, "text": MESSAGE.text, "facts": {"observed": 12}}
    elif shape == "slack":
        assert sent["text"] == "Noise &amp; &lt;fire&gt;"
        assert [b["type"] for b in sent["blocks"]] == ["header", "section"]
    else:
        (attachment,) = sent["attachments"]
        assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        assert attachment["content"]["body"][1]["text"] == MESSAGE.text


def test_a_webhook_that_breaks_off_may_have_taken_it(hook: str) -> None:
    Hook.answers = [503, 404, 0]
    for wanted in (Unavailable, NotAllowed, Unclear):
        with pytest.raises(wanted):
            Webhook(hook).send(MESSAGE)


def test_a_message_is_tried_again_until_it_is_taken_and_then_never(hook: str, tmp_path: Path) -> None:
    ways = (Webhook(hook),)
    outbox = Outbox(tmp_path / "watch.sqlite")
    assert outbox.put(MESSAGE, ways, NOW)
    assert not outbox.put(MESSAGE, ways, NOW)
    Hook.answers = [503, 503]
    assert outbox.deliver(ways, NOW)["waiting"] == 1
    assert sum(outbox.deliver(ways, NOW).values()) == 0  # not before its pause is over
    assert outbox.deliver(ways, NOW + timedelta(minutes=PAUSES[0] + 1))["waiting"] == 1
    assert outbox.deliver(ways, NOW + timedelta(hours=1))["sent"] == 1
    assert sum(outbox.deliver(ways, NOW + timedelta(days=9)).values()) == 0
    assert len(Hook.seen) == 1
    assert outbox.troubles() == []


def test_a_message_is_given_up_after_the_last_pause(tmp_path: Path) -> None:
    ways = (Mail("127.0.0.1", "a@example.org", ("b@example.org",), port=1, security="none"),)
    outbox = Outbox(tmp_path / "watch.sqlite")
    outbox.put(MESSAGE, ways, NOW)
    moment, states = NOW, []
    for _ in range(len(PAUSES) + 3):
        states += [state for state, n in outbox.deliver(ways, moment).items() if n]
        moment += timedelta(days=2)
    assert states == ["waiting"] * len(PAUSES) + ["failed"]
    assert outbox.troubles()[0][:3] == (MESSAGE.key, "email", "failed")


class Killed(BaseException):
    """Stands for a kill: nothing catches it."""


class Deadly:
    """A channel whose process dies while it hands over."""

    name = "webhook"

    def __init__(self, after: bool) -> None:
        self.after, self.taken = after, 0

    def send(self, message: Message) -> None:
        self.taken += self.after
        raise Killed


@pytest.mark.parametrize("taken", [True, False])
def test_a_kill_while_handing_over_never_doubles_a_message(tmp_path: Path, hook: str, taken: bool) -> None:
    outbox = Outbox(tmp_path / "watch.sqlite")
    outbox.put(MESSAGE, (Webhook(hook),), NOW)
    deadly = Deadly(taken)
    with pytest.raises(Killed):
        outbox.deliver((deadly,), NOW)
    later = Outbox(tmp_path / "watch.sqlite")
    assert sum(later.deliver((Webhook(hook),), NOW + timedelta(minutes=1)).values()) == 0  # perhaps it is still at it
    assert later.deliver((Webhook(hook),), NOW + timedelta(hours=1))["unclear"] == 1
    assert len(Hook.seen) == 0
    assert later.troubles()[0][2] == "unclear"


def test_two_runs_at_once_do_not_take_the_same_message(hook: str, tmp_path: Path) -> None:
    ways = (Webhook(hook),)
    Outbox(tmp_path / "watch.sqlite")
    for number in range(12):
        Outbox(tmp_path / "watch.sqlite").put(Message(f"k{number}", "s", "t", {}), ways, NOW)
    runs = [threading.Thread(target=lambda: Outbox(tmp_path / "watch.sqlite").deliver(ways, NOW)) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert sorted(sent["key"] for _, sent in Hook.seen) == sorted(f"k{n}" for n in range(12))


def test_a_file_holds_each_message_once(tmp_path: Path) -> None:
    file = File(tmp_path / "out" / "alerts.jsonl")
    file.send(MESSAGE)
    file.send(MESSAGE)
    (line,) = file.path.read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == body(MESSAGE, "generic")


def watched(folder: Path, table: str) -> Study:
    """Two years of weekly counts, quiet but for their last week."""
    from explorer.importing import import_bytes
    from explorer.study import new_study
    from sources.exports import Mapping

    weeks = pd.date_range("2024-06-23", periods=105, freq="W-SUN")
    study = new_study(folder, name="Watched", languages=["en"])
    said = "date,noise,price\n" + "\n".join(
        f"{d:%Y-%m-%d},{90 if i == 104 else 10 + i % 3},{90 + i % 5}" for i, d in enumerate(weeks)
    )
    search = "date,noise,price\n" + "\n".join(f"{d:%Y-%m-%d},{40 + i % 3},{60 + i % 4}" for i, d in enumerate(weeks))
    study = import_bytes(study, "search.csv", search.encode(), mapping=Mapping(kind="interest"), now=NOW).study
    study = import_bytes(study, "said.csv", said.encode(), mapping=Mapping(kind="counts"), now=NOW).study
    study.path.write_text(study.path.read_text(encoding="utf-8") + table, encoding="utf-8")
    return read_study(study.path)


def test_a_round_tells_what_is_new_once_and_sums_the_week_up(tmp_path: Path) -> None:
    study = watched(tmp_path / "s", '\n[watch.file]\npath = "alerts.jsonl"\n')
    first = watch(study, now=NOW)
    lines = [json.loads(line) for line in (tmp_path / "s" / "alerts.jsonl").read_text(encoding="utf-8").splitlines()]
    told = {line["key"]: line for line in lines}
    assert set(told) == {"noise/posts/2026-06-21", "digest/2026-W26"}
    assert told["noise/posts/2026-06-21"]["facts"]["observed"] == 90
    assert "90 posts where" in told["noise/posts/2026-06-21"]["text"]
    assert (first.queued, first.states["sent"]) == (2, 2)
    again = watch(study, now=NOW + timedelta(hours=1))
    assert (again.queued, again.states["sent"]) == (0, 0)
    assert (tmp_path / "s" / FILE_NAME).exists()
    next_week = watch(study, now=NOW + timedelta(days=7))
    assert next_week.queued == 1
    last = json.loads((tmp_path / "s" / "alerts.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert "older than this week" in last["text"]


def test_a_round_reaches_a_mail_server(tmp_path: Path, inbox: tuple[Inbox, Mail]) -> None:
    kept, mail = inbox
    table = f'\n[watch]\ndigest = false\n[watch.email]\nhost = "127.0.0.1"\nport = {mail.port}\nsecurity = "none"\n'
    study = watched(tmp_path / "s", table + 'sender = "w@example.org"\nto = ["t@example.org"]\n')
    watch(study, now=NOW)
    watch(study, now=NOW + timedelta(hours=1))
    (arrived,) = kept.mails
    assert "noise" in arrived["Subject"]


@pytest.mark.parametrize(
    ("table", "error"),
    [
        ("", BadStudy),
        ('\n[watch]\nloud = true\n[watch.file]\npath = "x"\n', BadStudy),
        ('\n[watch.email]\nhost = "h"\n', BadQuery),
        ("\n[watch.webhook]\n", NeedsKey),
        ('\n[watch.file]\nfolder = "x"\n', BadQuery),
    ],
)
def test_a_watch_that_cannot_be_read_is_refused(
    table: str, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UNDERSAID_WEBHOOK_URL", raising=False)
    with pytest.raises(error):
        watch(parse_study('[[topics]]\nid = "noise"\nsearch = ["noise"]\n' + table, tmp_path / "study.toml"), now=NOW)


def test_the_address_of_a_webhook_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERSAID_WEBHOOK_URL", "https://hooks.example.org/x")
    assert channels({"webhook": {"shape": "slack"}}, tmp_path) == (Webhook("https://hooks.example.org/x", "slack"),)
    with pytest.raises(BadQuery):
        channels({"webhook": {"shape": "fax"}}, tmp_path)


def test_verdicts_are_kept_and_their_precision_has_an_interval(tmp_path: Path) -> None:
    assert precision(verdicts(tmp_path)).value is None
    for event, verdict in (("a", "false"), ("a", "real"), ("b", "real"), ("c", "false"), ("d", "unsure")):
        say_verdict(tmp_path, event, verdict, NOW)
    found = precision(verdicts(tmp_path))
    assert (found.value, found.judged) == (2 / 3, 3)
    assert found.lo < 2 / 3 < found.hi
    with pytest.raises(ValueError, match="none of"):
        say_verdict(tmp_path, "a", "maybe", NOW)
    (tmp_path / "verdicts.jsonl").write_text("nonsense\n", encoding="utf-8")
    with pytest.raises(BadFile):
        verdicts(tmp_path)
