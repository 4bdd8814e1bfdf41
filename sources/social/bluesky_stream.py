"""The event stream of a Bluesky relay or account server: one connection, read frame by frame from a cursor.

The client of `atproto` reconnects for ever from the cursor that it began with, and tells no quiet stream from a dead one;
so its reader of frames is used and the connection is our own.

References
----------
https://atproto.com/specs/event-stream (frames, cursors, OutdatedCursor); https://atproto.com/specs/sync (subscribeRepos)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

from sources.breaker import Manners
from sources.errors import BadQuery, Changed, NotAllowed, SourceError, Throttled, Unavailable
from sources.outward import check_address
from sources.social.bluesky_posts import moment
from sources.transport import CONNECT_SECONDS, Answer, Wire, clean, judge

METHOD = "com.atproto.sync.subscribeRepos"
_LARGEST = 5 << 20  # bytes of a frame, as the network's own clients read them


class Stream:
    """The stream of one service.

    Parameters
    ----------
    service : ws:// or wss:// address of a relay, or of an account server for its own accounts.
    quiet : seconds without a frame, on a connection that answers, after which nothing more is taken to be held.
    """

    def __init__(self, wire: Wire, service: str, manners: Manners, *, quiet: float) -> None:
        self._clock, self._gate = wire.clock, wire.opened()[1]
        self._service, self._manners, self._quiet = service.rstrip("/"), manners, quiet
        self.host = urlsplit(self._service).netloc or self._service

    def frames(self, cursor: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield kind and body of what is held after `cursor` (0 = from the oldest); end when nothing more comes.

        Raises
        ------
        BadQuery : the address cannot be asked, or the service does not know the cursor.
        Throttled, NotAllowed, Changed, Unavailable : see sources.errors.
        """
        from websockets.exceptions import ConnectionClosed

        with ExitStack() as stack:
            connection = self._connect(stack, cursor)
            while True:
                try:
                    frame = connection.recv(timeout=self._quiet)
                except TimeoutError as error:
                    if self._answers(connection):
                        return
                    raise Unavailable("the stream went silent", self.host, "try again") from error
                except (ConnectionClosed, OSError) as error:
                    raise Unavailable(f"the stream broke off ({error})", self.host, "try again") from error
                yield self._read(frame)

    def _connect(self, stack: ExitStack, cursor: int) -> Any:
        from websockets import exceptions
        from websockets.sync.client import connect

        url = f"{check_address(self._service, ('wss', 'https'))}/xrpc/{METHOD}?cursor={cursor}"
        try:
            with self._gate.turn(self.host, self._manners):
                opened = connect(url, max_size=_LARGEST, open_timeout=CONNECT_SECONDS, close_timeout=1)
                connection = stack.enter_context(opened)
            self._gate.served(self.host)
            return connection
        except exceptions.InvalidStatus as error:
            raise self._refused(error.response) from error
        except exceptions.InvalidURI as error:
            raise BadQuery(
                "the address cannot be asked", self._service, "give one that begins with wss:// as service"
            ) from error
        except exceptions.InvalidHandshake as error:
            raise Changed(f"it is no event stream ({error})", self.host, "check the address of the service") from error
        except OSError as error:
            what = "no answer in time" if isinstance(error, TimeoutError) else "it cannot be reached"
            raise Unavailable(what, self.host, "check the connection, then try again") from error

    def _refused(self, response: Any) -> SourceError:
        now = self._clock.now()
        headers = {name.lower(): value for name, value in response.headers.raw_items()}
        answer = Answer(self._service, response.status_code, headers, response.body or b"", now)
        try:
            judge(answer, now=now)
        except Throttled as error:
            error.retry_at = self._gate.refused(self.host, self._manners, error.retry_at)
            return error
        except SourceError as error:
            return error
        return Changed(f"it is no event stream (status {answer.status})", self.host, "check the address of the service")

    def _answers(self, connection: Any) -> bool:
        from websockets.exceptions import ConnectionClosed

        try:
            return bool(connection.ping().wait(CONNECT_SECONDS))
        except (ConnectionClosed, OSError):
            return False

    def _read(self, frame: bytes | str) -> tuple[str, dict[str, Any]]:
        from atproto_subscription import Frame

        raw = frame if isinstance(frame, bytes) else frame.encode()
        try:
            found = Frame.from_bytes(raw)
            body = found.body
            if found.is_error:
                raise _told(str(getattr(body, "error", "")), str(getattr(body, "message", "") or ""), self.host)
            kind = found.header.t
        except SourceError:
            raise
        except Exception as error:  # the boundary: the reader of frames raises what it likes
            raise Changed(
                f"a frame cannot be read ({type(error).__name__}: {error})",
                self.host,
                "try again; if it stays so, report it",
                sample=clean(raw[:2000]),
            ) from error
        if not isinstance(kind, str) or not isinstance(body, dict):
            raise Changed("a frame has no kind or no body", self.host, "report it", sample=clean(raw[:2000]))
        if "seq" in body and (not isinstance(body["seq"], int) or moment(body.get("time")) is None):
            raise Changed("an event has no number or no time", self.host, "report it", sample=clean(raw[:2000]))
        return kind, body


def _told(error: str, message: str, host: str) -> SourceError:
    """Return the error that a frame of errors stands for."""
    words = f"{error}: {message}" if message else error
    if error == "FutureCursor":
        # The service has begun to count anew: a walk that was resumed begins again from the oldest event.
        return BadQuery(f"the service does not know the cursor ({words})", host, "start the collection again")
    if error == "ConsumerTooSlow":
        return Unavailable("it closed the stream because it was read too slowly", host, "try again")
    return NotAllowed(f"the service ends the stream ({words})", host, "look at the service's own notices")
