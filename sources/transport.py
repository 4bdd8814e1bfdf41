"""HTTP as the connectors see it: one polite request at a time, and an answer or one of the six errors.

Retrying is not done here: the driver (`sources.collect`) starts again from the last state of a walk. What is done here is
everything that must hold for every request of every process: the turn, the breaker, and waiting when the answer's own headers
say that nothing is left.
"""

from __future__ import annotations

import json
import ssl
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import httpx

from sources.breaker import POLITE, Gate, Manners
from sources.clock import Clock, SystemClock
from sources.errors import BadQuery, Changed, NeedsKey, NotAllowed, SourceError, Throttled, Unavailable
from sources.outward import check_address
from sources.secrets import without_secrets

CONNECT_SECONDS, READ_SECONDS = 5.0, 25.0
_SAMPLE = 2000
#: Where services send a browser that they take for a robot or that has not agreed to cookies.
_FOR_HUMANS = ("consent.", "/sorry", "captcha", "accounts.google", "/login")
_OUTSIDE = "import a file exported from the website instead"

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What a service answered: header names in lower case, `fetched_at` in UTC."""

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    fetched_at: datetime

    @property
    def host(self) -> str:
        """The host that answered."""
        return urlsplit(self.url).hostname or ""

    @property
    def text(self) -> str:
        """The body as text, in the charset that the header names, else UTF-8."""
        kind = self.headers.get("content-type", "")
        charset = (
            kind.lower().rpartition("charset=")[2].split(";")[0].strip(" \"'") if "charset=" in kind.lower() else ""
        )
        try:
            return self.content.decode(charset or "utf-8")
        except (UnicodeDecodeError, LookupError):
            return self.content.decode("utf-8", "replace")

    def json(self, shape: type[T], *, prefix: bool = False) -> T:
        """Return the body as JSON of the given outer shape (`dict` or `list`).

        Parameters
        ----------
        prefix : the service sets characters before the JSON against cross-site reading; they are skipped.

        Raises
        ------
        NotAllowed : a web page came instead of data (consent, captcha, a network that asks to log in).
        Changed : not JSON, or not of that shape.
        """
        text = self.text.strip().lstrip("\ufeff")
        if "html" in self.headers.get("content-type", "").lower() or text.startswith("<"):
            raise NotAllowed(
                "a web page came instead of data (consent, captcha or a login of the network)", self.host, _OUTSIDE
            )
        if prefix:
            starts = [i for i in (text.find("{"), text.find("[")) if i >= 0]
            text = text[min(starts) :] if starts else text
        try:
            found = json.loads(text)
        except ValueError as error:
            if text[:1] in ("{", "[") and text[-1] not in ("}", "]"):
                raise Unavailable("the answer broke off", self.host, "try again") from error
            what = "the answer is empty" if not text else "the answer is not the JSON that was expected"
            raise Changed(
                what, self.host, "try again; if it stays so, report it", sample=clean(self.content)
            ) from error
        if not isinstance(found, shape):
            raise Changed(
                f"the answer is a {type(found).__name__} where a {shape.__name__} was expected",
                self.host,
                "report it with the kept answer",
                sample=clean(self.content),
            )
        return found


class Transport(Protocol):
    """Sends one request. Tests bring one that answers from memory."""

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        manners: Manners = POLITE,
        allow: frozenset[int] = frozenset(),
        remedies: Mapping[int, str] | None = None,
    ) -> Answer:
        """Return the answer of `url`; see `HttpTransport.get`."""
        ...


class HttpTransport:
    """`Transport` over httpx, through a `Gate`. Opens nothing before the first request."""

    def __init__(self, gate: Gate | None = None, *, clock: Clock | None = None, user_agent: str = "undersaid") -> None:
        self._clock = clock or SystemClock()
        self.gate = gate or Gate(clock=self._clock)
        self._user_agent = user_agent
        self._client: httpx.Client | None = None

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        manners: Manners = POLITE,
        allow: frozenset[int] = frozenset(),
        remedies: Mapping[int, str] | None = None,
    ) -> Answer:
        """Send one GET request in turn and return the answer.

        Parameters
        ----------
        allow : statuses beyond 2xx that the caller wants to read itself (404 where it means "no such article").
        remedies : what the user can do, by status; replaces the general advice.

        Raises
        ------
        Throttled : 429, an open breaker, or a wait that is too long; `retry_at` says when.
        NeedsKey, NotAllowed, BadQuery, Changed, Unavailable : see `judge`; Unavailable also for every network fault.
        """
        check_address(url)
        host = urlsplit(url).netloc
        with self.gate.turn(host, manners):
            answer = self._send(url, params, headers)
        later = pace(answer.headers, self._clock.now())
        if later is not None:
            self.gate.hold(host, later)
        try:
            judge(answer, now=self._clock.now(), allow=allow, remedies=remedies or {})
        except Throttled as error:
            error.retry_at = self.gate.refused(host, manners, error.retry_at)
            raise
        self.gate.served(host)
        return answer

    def _send(self, url: str, params: Mapping[str, str] | None, headers: Mapping[str, str] | None) -> Answer:
        host = urlsplit(url).netloc
        if self._client is None:
            self._client = httpx.Client(
                verify=trusted(),
                timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
                follow_redirects=True,
                max_redirects=5,
                headers={"User-Agent": self._user_agent},
            )
            weakref.finalize(self, self._client.close)
        try:
            response = self._client.get(url, params=dict(params) if params else None, headers=dict(headers or {}))
        except httpx.TimeoutException as error:
            raise Unavailable("no answer in time", host, "check the connection, then try again") from error
        except httpx.TooManyRedirects as error:
            raise Changed("it sends from one address to the next without end", host, "report it") from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise BadQuery(f"the address cannot be asked ({error})", url) from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            what = "it cannot be reached" if isinstance(error, httpx.ConnectError) else "the answer broke off"
            raise Unavailable(f"{what} ({error})", host, "check the connection, then try again") from error
        answer = Answer(
            str(response.url),
            response.status_code,
            {k.lower(): v for k, v in response.headers.items()},
            response.content,
            self._clock.now(),
        )
        if answer.host != urlsplit(url).hostname:
            raise NotAllowed(f"the question was sent on to {answer.host}", host, _OUTSIDE)
        return answer


@cache
def trusted() -> ssl.SSLContext:
    """Return whom this machine trusts, read once: each client would read all certificates again, for 50 ms."""
    return httpx.create_ssl_context()


def judge(
    answer: Answer,
    *,
    now: datetime,
    allow: frozenset[int] = frozenset(),
    remedies: Mapping[int, str] | None = None,
) -> None:
    """Raise the error that the status of `answer` stands for; return when there is none.

    429, and 503 with a time, is Throttled; 401 NeedsKey; 402, 403, 451 and a redirection to a page for humans NotAllowed;
    404 and 410 Changed (the address is gone); 400, 413, 414 and 422 BadQuery; everything from 500 Unavailable.
    """
    status, host = answer.status, answer.host
    if 200 <= status < 300 or status in allow:
        return
    advice = remedies or {}

    def error(kind: Callable[..., SourceError], what: str, remedy: str, **more: Any) -> SourceError:
        return kind(f"{what} (HTTP {status})", host, advice.get(status, remedy), **more)

    later = retry_after(answer.headers, now)
    if status == 429 or (status == 503 and later is not None):
        when = f"try again after {later:%H:%M} UTC" if later else "try again in half an hour"
        raise error(Throttled, "it asked to slow down", when, retry_at=later)
    if status == 401:
        raise error(NeedsKey, "it answers only to a login", "set or renew the key")
    if status in (402, 403, 451):
        raise error(NotAllowed, "it refused", _OUTSIDE)
    if status in (404, 410):
        raise error(
            Changed,
            "this address is gone",
            "the feature has been closed; update undersaid",
            sample=clean(answer.content),
        )
    if status in (400, 413, 414, 422):
        raise error(BadQuery, "it did not accept the question", "check terms, place and dates")
    if status >= 500:
        raise error(Unavailable, "it has a fault", "try again later")
    goal = answer.headers.get("location", "")
    if any(word in goal for word in _FOR_HUMANS):
        raise error(NotAllowed, "it sends to a page for humans (consent or captcha)", _OUTSIDE)
    raise error(Changed, "an answer of an unknown kind", "report it", sample=clean(answer.content))


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Return the instant of `Retry-After` (seconds or a date), else of the rate limit's reset; None when neither is told."""
    text = headers.get("retry-after", "").strip()
    if text:
        found = _instant(text, now)
        if found is None:
            try:
                found = parsedate_to_datetime(text)
            except ValueError:
                found = None
            if found is not None and found.tzinfo is None:
                found = found.replace(tzinfo=UTC)
        if found is not None:
            return max(found, now)
    return _reset(headers, now)


def pace(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Return until when nothing may be sent, by the answer's own rate headers; None while requests are left.

    Read are `RateLimit-*`, `X-RateLimit-*` and `X-Rate-Limit-*`, whose reset is an epoch (Bluesky, X), ISO text (Mastodon)
    or seconds to go (the IETF draft).
    """
    for name in ("ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining"):
        text = headers.get(name, "").split(",")[0].strip()
        if text:
            try:
                return _reset(headers, now) if float(text) < 1 else None
            except ValueError:
                return None
    return None


#: A reset is told in whole seconds, rounded down (Bluesky): who comes back at its beginning is refused once more.
_ROUNDED_OFF = timedelta(seconds=1)


def _reset(headers: Mapping[str, str], now: datetime) -> datetime | None:
    for name in ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset"):
        text = headers.get(name, "").split(",")[0].strip()
        if text:
            found = _instant(text, now)
            return max(found, now) + _ROUNDED_OFF if found is not None else None
    return None


def _instant(text: str, now: datetime) -> datetime | None:
    try:
        number = float(text)
    except ValueError:
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    if not 0 <= number < 1e14:
        return None
    if number >= 1e12:  # milliseconds since 1970
        number /= 1000
    return datetime.fromtimestamp(number, UTC) if number >= 1e9 else now + timedelta(seconds=number)


def clean(content: bytes) -> bytes:
    """Return the beginning of an answer without tokens, for an error message or a report."""
    return without_secrets(content)[:_SAMPLE]


@dataclass(frozen=True)
class Wire:
    """What every connector is given to speak to the outside: nothing in it opens anything until it is used."""

    clock: Clock = field(default_factory=SystemClock)
    transport: Transport | None = None
    gate: Gate | None = None

    def opened(self) -> tuple[Transport, Gate]:
        """Return transport and gate, made now where none was given."""
        gate = self.gate or Gate(clock=self.clock)
        return self.transport or HttpTransport(gate, clock=self.clock), gate
