"""The way out: what a source or a message opens leads to the open internet, or to a host that the operator has named.

A study file names hosts (instances, services, a mail server), and any service may send on to another address. Neither may reach
into the network that this machine stands in. What counts is the address that is connected to, not the name: a name may lead
elsewhere at the second asking (DNS rebinding), so the check is made at the connection itself, for every library alike.

References
----------
https://docs.python.org/3/library/audit_events.html (`socket.connect`); RFC 6890 (special-purpose addresses); OWASP, Server Side
Request Forgery Prevention Cheat Sheet.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from sources.errors import BadQuery, NotAllowed

#: Names, addresses and networks (10.0.0.0/8) that may be reached although they are not on the open internet; commas between.
ALLOWED_VARIABLE = "UNDERSAID_PRIVATE_HOSTS"
_REMEDY = f"if it is meant, the operator adds it to {ALLOWED_VARIABLE}"

_refused: ContextVar[list[str] | None] = ContextVar("refused", default=None)


class Inward(ConnectionRefusedError):
    """A connection into the private network, refused before a byte was sent."""


@contextmanager
def outward(host: str) -> Iterator[None]:
    """Refuse, while it lasts, every connection of this thread to an address that is not public and not allowed.

    Parameters
    ----------
    host : whom the caller means to ask, with or without a port; named in the message.

    Raises
    ------
    NotAllowed : something inside tried to connect to such an address, whatever became of the attempt; also at once when `host`
        is itself such an address.
    """
    _watch()
    name = _name(host)
    if _address(name) is not None and not may_reach(name):
        raise _told(host, name)
    tries: list[str] = []
    mark = _refused.set(tries)
    try:
        yield
    except Exception as error:
        if tries:
            raise _told(host, tries[0]) from error
        raise
    finally:
        _refused.reset(mark)
    if tries:
        raise _told(host, tries[0])


def check_address(url: str, schemes: tuple[str, ...] = ("https",)) -> str:
    """Return `url` when it may be asked: one of `schemes`, no login inside it; unencrypted only to hosts that are allowed.

    Raises
    ------
    BadQuery : another scheme, no host, or a name and password in the address; the message does not repeat them.
    """
    try:
        parts = urlsplit(url)
        host, login = parts.hostname or "", parts.username or parts.password
    except ValueError:
        raise BadQuery("this is no address", "address", f"write {schemes[0]}://host") from None
    plain = {"https": "http", "wss": "ws"}
    schemes += tuple(plain[s] for s in schemes if s in plain and may_reach(host, public=False))
    if parts.scheme not in schemes or not host:
        raise BadQuery(f"the address is not one of {schemes[0]}://", host or "address", f"write {schemes[0]}://host")
    if login:
        raise BadQuery("the address holds a name or password", host, "set them as the source's variables instead")
    return url


def may_reach(host: str, *, public: bool = True) -> bool:
    """Return whether an address, or a name that is allowed as such, may be connected to; `public`: public ones may."""
    found = _address(host)
    if found is None:
        return host.casefold() in _allowed()[0]
    if public and found.is_global and not found.is_multicast:
        return True
    names, networks = _allowed()
    return any(found in net for net in networks) or any(found in _addresses_of(n) for n in (*names, *_proxies()))


def _watch() -> None:
    """Have Python call `_hook` at every connection; once a process, because a hook stays for good."""
    _hooked()


@cache
def _hooked() -> bool:
    sys.addaudithook(_hook)
    return True


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if event != "socket.connect":
        return
    tries, address = _refused.get(), args[1]
    if tries is None or not isinstance(address, tuple):  # a socket of this machine's file system is no host
        return
    host = str(address[0])
    if _address(host) is None:  # a name is resolved below, where nobody could check what comes out
        tries.append(host)
        raise Inward(f"{host} was not resolved before the connection")
    if not may_reach(host):
        tries.append(host)
        raise Inward(f"{host} is not on the open internet")


def _told(host: str, reached: str) -> NotAllowed:
    where = "" if _name(host) == reached else f" ({reached})"
    return NotAllowed(f"it leads into a private network{where}", host, _REMEDY)


def _name(host: str) -> str:
    return urlsplit(f"//{host}").hostname or host


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):  # an old address in new clothes counts as what it carries
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        return inner or found
    return found


def _allowed() -> tuple[tuple[str, ...], tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]]:
    return _parsed(os.environ.get(ALLOWED_VARIABLE, ""))


@cache
def _parsed(text: str) -> tuple[tuple[str, ...], tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]]:
    names, networks = [], []
    for word in filter(None, (w.strip().casefold() for w in text.split(","))):
        try:
            networks.append(ipaddress.ip_network(word, strict=False))
        except ValueError:
            names.append(word)
    return tuple(names), tuple(networks)


def _proxies() -> tuple[str, ...]:
    """Return the proxies of the environment: the operator named them, and what they let through is theirs to say."""
    found = (urlsplit(p if "://" in p else f"//{p}").hostname for k, p in getproxies().items() if k != "no")
    return tuple(filter(None, found))


def _addresses_of(name: str) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ...]:
    try:
        told = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError:
        return ()
    return tuple(a for a in (_address(str(t[4][0])) for t in told) if a is not None)
