"""Takes a message out of the house: by e-mail (SMTP), by webhook, into a file. Each says plainly whether it was taken."""

from __future__ import annotations

import json
import os
import re
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from sources.errors import BadQuery, NeedsKey, NotAllowed, SourceError, Unavailable
from sources.outward import check_address, outward
from sources.secrets import is_secret

SECONDS = 20.0
SHAPES = ("generic", "slack", "teams")
SECURITY = ("starttls", "tls", "none")


class Unclear(SourceError):
    """The connection broke after the message was handed over: it may have arrived, and sending it again could double it."""


@dataclass(frozen=True)
class Message:
    """What is sent. `key` names it for ever: receivers can tell a message that comes twice."""

    key: str
    subject: str
    text: str
    facts: Mapping[str, Any]


class Channel(Protocol):
    """A way out."""

    @property
    def name(self) -> str:
        """What the channel is called in a study file."""

    def send(self, message: Message) -> None:
        """Hand a message over.

        Raises
        ------
        Unavailable : it was not taken, and may be tried again. NotAllowed : it was refused, and will be again.
        Unclear : it may have been taken.
        """


@dataclass(frozen=True)
class Mail:
    """E-mail through an SMTP server (RFC 5321). Name and password come from UNDERSAID_SMTP_USER and UNDERSAID_SMTP_PASSWORD."""

    host: str
    sender: str
    to: tuple[str, ...]
    port: int = 587
    security: str = "starttls"
    name: str = "email"

    def send(self, message: Message) -> None:
        """Send one mail to all receivers; its Message-ID is made from the key."""
        mail = EmailMessage()
        subject = " ".join(message.subject.split())  # a line break in it would be a header of its own
        mail["Subject"], mail["From"], mail["To"] = subject, self.sender, ", ".join(self.to)
        mail["Message-ID"] = f"<{_plain(message.key)}@undersaid>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: absence notes stay away
        mail.set_content(message.text)
        where = f"{self.host}:{self.port}"
        handed = False
        try:
            with outward(self.host), self._connect() as server:
                user, password = os.environ.get("UNDERSAID_SMTP_USER"), os.environ.get("UNDERSAID_SMTP_PASSWORD")
                if user and password:
                    server.login(user, password)
                handed = True
                server.send_message(mail)
                handed = False  # taken: what fails from here on is only the goodbye
        except smtplib.SMTPAuthenticationError as error:
            raise NeedsKey("the server refuses the login", where, "set UNDERSAID_SMTP_USER and ..._PASSWORD") from error
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused) as error:
            raise _refused(error, where) from error
        except smtplib.SMTPResponseException as error:
            kind = Unavailable if 400 <= error.smtp_code < 500 else NotAllowed
            raise kind(f"the server answers {error.smtp_code}", where, "read what it says about it") from error
        except (smtplib.SMTPServerDisconnected, TimeoutError) as error:
            if handed:
                raise Unclear("the connection broke while the mail was handed over", where) from error
            raise Unavailable("the mail server does not answer", where, "check host and port") from error
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"the mail server cannot be reached ({error})", where, "check host and port") from error

    def _connect(self) -> smtplib.SMTP:
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=ssl.create_default_context())
        server = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
        if self.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        return server


@dataclass(frozen=True)
class Webhook:
    """A POST of JSON: `shape` "generic" (all fields), "slack" (Block Kit) or "teams" (Adaptive Card)."""

    address: str = field(repr=False)
    shape: str = "generic"
    name: str = "webhook"

    def __post_init__(self) -> None:
        is_secret(self.address)

    def send(self, message: Message) -> None:
        """Post one message; the key goes along as Idempotency-Key."""
        headers = {"Idempotency-Key": _plain(message.key)}
        where = urlsplit(check_address(self.address)).hostname or ""
        try:
            with outward(where):
                answer = httpx.post(self.address, json=body(message, self.shape), headers=headers, timeout=SECONDS)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Unavailable("the webhook cannot be reached", where, "check its address") from error
        except httpx.TransportError as error:
            raise Unclear("the connection broke while the message was handed over", where) from error
        if answer.status_code in (408, 425, 429) or answer.status_code >= 500:
            raise Unavailable(f"the webhook answers {answer.status_code}", where, "it is tried again")
        if answer.status_code >= 300:
            raise NotAllowed(f"the webhook answers {answer.status_code}", where, "check its address and shape")


@dataclass(frozen=True)
class File:
    """One JSON object a line, appended."""

    path: Path
    name: str = "file"

    def send(self, message: Message) -> None:
        """Append one line, and have it on the disk before returning; a key that is there already is not written again."""
        line = json.dumps(body(message, "generic"), ensure_ascii=False) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            known = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
            if any(message.key == _key(text) for text in known):
                return
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise Unavailable(f"the file cannot be written ({error.strerror})", str(self.path)) from error


def channels(given: Mapping[str, Any], folder: Path) -> tuple[Channel, ...]:
    """Return the channels of the table [watch] of a study; secrets come from the environment.

    Raises
    ------
    BadQuery : an unknown channel or key. NeedsKey : the address of the webhook is not set.
    """
    found: list[Channel] = []
    for name, options in given.items():
        where = f"[watch.{name}]"
        try:
            if name == "email":
                found.append(Mail(**{**options, "to": tuple(options["to"])}))
            elif name == "webhook":
                variable = options.get("env", "UNDERSAID_WEBHOOK_URL")
                address = os.environ.get(variable)
                if not address:
                    raise NeedsKey("the address of the webhook is not set", where, f"set the variable {variable}")
                shape = {k: v for k, v in options.items() if k != "env"}
                found.append(Webhook(address, **shape))
            elif name == "file":
                found.append(File(_inside(folder, str(options["path"]), where)))
            else:
                raise BadQuery(f"unknown channel {name!r}", "[watch]", "known are email, webhook, file")
        except (KeyError, TypeError) as error:
            raise BadQuery(f"cannot be read ({error})", where, "see docs/watch.md") from error
    for channel in found:
        if isinstance(channel, Webhook) and channel.shape not in SHAPES:
            raise BadQuery(f"shape is {channel.shape!r}", "[watch.webhook]", f"choose one of {', '.join(SHAPES)}")
        if isinstance(channel, Mail) and channel.security not in SECURITY:
            raise BadQuery(f"security is {channel.security!r}", "[watch.email]", f"choose one of {', '.join(SECURITY)}")
    return tuple(found)


def _inside(folder: Path, path: str, where: str) -> Path:
    """Return a file below the study's folder: a study that came from elsewhere writes nowhere else."""
    file = folder / path
    if not file.resolve().is_relative_to(folder.resolve()):
        raise BadQuery(f"{path!r} lies outside of the study's folder", where, "name a file inside it")
    return file


def body(message: Message, shape: str) -> dict[str, Any]:
    """Return the JSON of a message in a shape."""
    if shape == "slack":  # https://api.slack.com/messaging/webhooks
        blocks = [
            {"type": "header", "text": {"type": "plain_text", "text": message.subject[:150]}},
            {"type": "section", "text": {"type": "mrkdwn", "text": _escaped(message.text)[:3000]}},
        ]
        return {"text": _escaped(message.subject), "blocks": blocks}
    if shape == "teams":  # Workflows webhook: an Adaptive Card in an attachment
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": [
                {
                    "type": "TextBlock",
                    "size": "Medium",
                    "weight": "Bolder",
                    "wrap": True,
                    "text": _bare(message.subject),
                },
                {"type": "TextBlock", "wrap": True, "text": _bare(message.text)},
            ],
        }
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
        return {"type": "message", "attachments": [attachment]}
    return {"key": message.key, "subject": message.subject, "text": message.text, "facts": dict(message.facts)}


def _refused(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPSenderRefused, where: str) -> SourceError:
    codes = (
        [code for code, _ in error.recipients.values()]
        if isinstance(error, smtplib.SMTPRecipientsRefused)
        else [error.smtp_code]
    )
    kind = Unavailable if all(400 <= c < 500 for c in codes) else NotAllowed
    return kind(f"the server refuses the addresses ({', '.join(map(str, codes))})", where, "check sender and receivers")


def _plain(key: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in ".-_") else "-" for c in key)


def _bare(text: str) -> str:
    """Return other people's text so that an Adaptive Card, whose text is Markdown, makes no link of it."""
    return re.sub(r"([\\\[\]()*_`<>])", r"\\\1", text)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _key(line: str) -> str | None:
    try:
        found = json.loads(line).get("key")
    except (json.JSONDecodeError, AttributeError):
        return None
    return str(found) if found is not None else None
