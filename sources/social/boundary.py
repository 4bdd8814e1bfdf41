"""The one boundary to client libraries: what they received is kept, and whatever they raise becomes one of the six errors.

Libraries name the same fault in different ways, let some through as an empty list, and raise what belongs to the library below
them. So they are only trusted with sessions, addresses and sending: the answer is taken from the wire before the library makes
anything of it, and is judged and checked here, by the same rules as an answer without a library.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sources.breaker import Gate, Manners
from sources.clock import Clock
from sources.errors import BadQuery, Changed, NotAllowed, SourceError, Throttled, Unavailable
from sources.transport import Answer, clean, judge, pace

T = TypeVar("T")


class Tap:
    """Keeps the last answer that passed through a library's HTTP session."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.answer: Answer | None = None

    def httpx(self, response: Any) -> None:
        """Keep an httpx response; for `event_hooks={"response": [tap.httpx]}`."""
        self.answer = None  # a body that breaks off leaves no answer
        content = response.read()
        self._keep(str(response.request.url), response.status_code, response.headers, content)

    def requests(self, response: Any, *_: object, **__: object) -> Any:
        """Keep a requests response; for `session.hooks["response"]`."""
        self.answer = None
        content = response.content
        self._keep(str(response.url), response.status_code, response.headers, content)
        return response

    def _keep(self, url: str, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.answer = Answer(url, status, {k.lower(): v for k, v in headers.items()}, content, self._clock.now())


def ask(
    call: Callable[[], object],
    tap: Tap,
    *,
    host: str,
    shape: type[T],
    gate: Gate,
    manners: Manners,
    clock: Clock,
    allow: frozenset[int] = frozenset(),
    remedies: Mapping[int, str] | None = None,
    judged: Callable[[Answer], None] | None = None,
) -> tuple[Answer, T]:
    """Let a library send one request in turn; return the answer as it came, and its JSON.

    Parameters
    ----------
    call : sends the request; what it returns is not used.
    tap : hangs in the library's HTTP session.
    host : whose turn is waited for.
    shape : outer shape of the JSON (`dict` or `list`).
    allow, remedies : see `sources.transport.judge`.
    judged : looks at an answer first and raises for what only this service says in its own way.

    Raises
    ------
    Throttled, NeedsKey, NotAllowed, BadQuery, Changed, Unavailable : whatever the library raised or did not raise.
    """
    tap.answer, fault = None, None
    with gate.turn(host, manners):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of endpoints that will go: noticed when they are gone
                call()
        except Exception as error:  # noqa: BLE001  (the boundary: each library raises what it likes)
            fault = error
    answer = tap.answer
    if answer is None or (fault is not None and 300 <= answer.status < 400):
        raise _unanswered(fault, host) from fault
    later = pace(answer.headers, clock.now())
    if later is not None:
        gate.hold(host, later)
    try:
        if judged is not None:
            judged(answer)
        judge(answer, now=clock.now(), allow=allow, remedies=remedies or {})
    except Throttled as error:
        error.retry_at = gate.refused(host, manners, error.retry_at)
        raise error from fault
    except SourceError as error:
        raise error from fault
    if answer.host != (urlsplit(f"//{host}").hostname or ""):
        raise NotAllowed(f"the question was sent on to {answer.host}", host, "check the address of the service")
    found = answer.json(shape)
    gate.served(host)
    return answer, found


def report(error: Exception, answer: Answer | None, where: str) -> Changed:
    """Return the error of an answer that passed every check here and that a library or a reader still could not read."""
    sample = clean(answer.content) if answer is not None else b""
    return Changed(
        f"the answer cannot be read ({type(error).__name__}: {error})",
        where,
        "report it with the kept answer",
        sample=sample,
    )


def _unanswered(fault: Exception | None, host: str) -> SourceError:
    """Return the error that stands for a request without a whole answer, by the kinds of error that lie beneath it."""
    kinds = {kind.__name__ for error in _chain(fault) for kind in type(error).__mro__}
    if fault is None:
        return Changed("the client sent nothing", host, "report it")
    if any("Redirect" in kind for kind in kinds):
        return Changed("it sends from one address to the next without end", host, "report it")
    if kinds & {"InvalidURL", "UnsupportedProtocol", "MissingSchema", "InvalidSchema", "LocationParseError"}:
        return BadQuery("the address cannot be asked", host, "check the address of the service")
    if any("Timeout" in kind for kind in kinds):
        return Unavailable("no answer in time", host, "check the connection, then try again")
    if kinds & {"ConnectError", "NewConnectionError", "ConnectionRefusedError", "gaierror"}:
        return Unavailable("it cannot be reached", host, "check the connection, then try again")
    if kinds & {"OSError", "HTTPError", "TransportError", "DecodingError", "RequestException", "NetworkError"}:
        return Unavailable("the answer broke off", host, "check the connection, then try again")
    return Changed(f"the client failed ({type(fault).__name__}: {fault})", host, "report it")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
