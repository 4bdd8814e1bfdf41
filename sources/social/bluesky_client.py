"""A session with a Bluesky server: the client `atproto` logs in, renews tokens and sends; answers are taken from the wire.

The client's own models are not used: one post that they cannot read would cost the page that it stands on.

References
----------
https://docs.bsky.app/docs/advanced-guides/rate-limits (3,000 requests in 5 minutes; 30 logins in 5 minutes, 300 a day);
https://atproto.com/specs/xrpc#error-responses
"""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sources import privacy
from sources.breaker import Manners
from sources.connector import Need
from sources.errors import BadQuery, NeedsKey, Unavailable
from sources.outward import check_address
from sources.secrets import is_secret, without_secrets
from sources.social.boundary import Tap, ask, report
from sources.transport import CONNECT_SECONDS, READ_SECONDS, Answer, Wire, trusted

if TYPE_CHECKING:
    from atproto import Client

SERVICE = "https://bsky.social"
HANDLE, PASSWORD = "UNDERSAID_BLUESKY_HANDLE", "UNDERSAID_BLUESKY_APP_PASSWORD"

#: A tenth of what the service allows; a login that is refused for its rate is free again within five minutes.
MANNERS = Manners(spacing=0.2, jitter=0.1, strikes=3, rest=300.0)

NEEDS = (
    Need("package", "atproto", "the client of the network", "undersaid[social]"),
    Need("setting", "handle", "search is open to accounts only: the handle of one", HANDLE),
    Need(
        "key", "app_password", "an app password of that account (Bluesky: Settings, Privacy, App passwords)", PASSWORD
    ),
)

_WHO = f"make a new app password and set {HANDLE} and {PASSWORD}"
_REMEDIES = {401: _WHO, 403: "wait an hour; if it stays so, look whether the account is limited"}
#: Words for a token that is not accepted any more. The service says them with status 400.
_STALE = ("ExpiredToken", "InvalidToken")


class Session:
    """A login, made with the first question.

    Parameters
    ----------
    handle, password : of an account; None = from the environment.
    """

    def __init__(
        self,
        wire: Wire,
        *,
        service: str = SERVICE,
        handle: str = "",
        password: str = "",
        manners: Manners = MANNERS,
        seconds: float = READ_SECONDS,
    ) -> None:
        self._clock, self._gate = wire.clock, wire.opened()[1]
        self._service, self._manners, self._seconds = service.rstrip("/"), manners, seconds
        self._handle, self._password = handle, password
        self._tap = Tap(wire.clock)
        self._client: Client | None = None
        self._host = urlsplit(self._service).netloc

    @property
    def host(self) -> str:
        """The host that is asked: after the login the account's own server."""
        return self._host

    def get(self, method: str, params: Mapping[str, Any]) -> tuple[Answer, dict[str, Any]]:
        """Return the answer to an XRPC query, and its JSON object.

        Raises
        ------
        NeedsKey : no login, a wrong one, or one that is not accepted any more.
        BadQuery : the question is not accepted; the message carries the service's own words.
        Throttled, NotAllowed, Changed, Unavailable : see sources.errors.
        """
        try:
            return self._query(method, params)
        except NeedsKey:
            if self._client is None:
                raise  # it was the login that was refused
            # Tokens of a session end, and a server may forget them: one new login tells which it is.
            self._client = None
            return self._query(method, params)

    def _query(self, method: str, params: Mapping[str, Any]) -> tuple[Answer, dict[str, Any]]:
        from atproto_client.models.dot_dict import DotDict

        client = self._client or self._login()
        told = DotDict(dict(params))
        return self._ask(lambda: client.invoke_query(method, params=told, output_encoding="application/json"))

    def _login(self) -> Client:
        from atproto import Client
        from atproto_client.request import Request

        handle = (self._handle or os.environ.get(HANDLE, "")).strip().lstrip("@")
        password = (self._password or os.environ.get(PASSWORD, "")).strip()
        if not handle or not password:
            raise NeedsKey("search is open to accounts only, and no login is set", "Bluesky", _WHO)
        is_secret(password)
        import httpx

        timeout = httpx.Timeout(self._seconds, connect=min(CONNECT_SECONDS, self._seconds))
        hooks = {"response": [self._tap.httpx]}
        client = Client(
            self._service, request=Request(timeout=timeout, event_hooks=hooks, max_redirects=5, verify=trusted())
        )
        self._host = urlsplit(check_address(self._service)).netloc
        weakref.finalize(self, client.request.close)
        answer, _ = self._ask(lambda: client.login(handle, password, fetch_bsky_profile=False))
        if client._session is None:
            raise report(ValueError("a login without a session"), answer, self._host)
        # An account lives on a server of its own behind the common address; the client has moved to it.
        self._host = urlsplit(str(client._base_url)).netloc
        self._client = client
        return client

    def _ask(self, call: Any) -> tuple[Answer, dict[str, Any]]:
        try:
            return ask(
                call,
                self._tap,
                host=self._host,
                shape=dict,
                gate=self._gate,
                manners=self._manners,
                clock=self._clock,
                remedies=_REMEDIES,
                judged=_judged,
            )
        except BadQuery as error:
            words = _words(self._tap.answer)
            raise (BadQuery(f"{error.what}: {words}", error.where, error.remedy) if words else error) from error


def _judged(answer: Answer) -> None:
    """Raise for what this network says in its own way."""
    if answer.status == 400 and _said(answer).get("error") in _STALE:
        raise NeedsKey("the login has ended", answer.host, _WHO)
    if answer.status == 400 and _said(answer).get("error") == "UpstreamFailure":
        raise Unavailable("a part of the service does not answer", answer.host, "try again later")


def _said(answer: Answer | None) -> dict[str, Any]:
    try:
        found = json.loads(answer.text) if answer is not None else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _words(answer: Answer | None) -> str:
    said = without_secrets(str(_said(answer).get("message", "")).encode()).decode()
    return privacy.mask_handles(said)[:120]
