"""What opens something is taken out of whatever is kept, logged or said."""

from __future__ import annotations

import logging
import os
import re

_MARK = b"removed"
#: Signs of the shortest value that is taken out: a shorter one would remove common words.
_FEWEST = 8

# Keys whose value opens something, in JSON and in addresses; the caller's country is added because it tells where he sits.
_KEYS = (
    rb"token|access_?token|refresh_?token|id_?token|accessJwt|refreshJwt|api_?key|apikey|client_?secret|password|app_?password"
    rb"|authorization|cookie|set-cookie|session_?id|sid|nid|userCountryCode|credentials?|secret"
)
_IN_JSON = re.compile(rb'("(?:' + _KEYS + rb')"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE)
_IN_ADDRESS = re.compile(rb"((?:[?&]|\\u0026)(?:" + _KEYS + rb"|key)(?:=|\\u003d))[^&\s\"'<>\\]+", re.IGNORECASE)
_IN_HEADER = re.compile(rb"(?im)^((?:authorization|proxy-authorization|cookie|set-cookie|x-api-key):[ \t]*).*$")
_BEARER = re.compile(rb"(?i)\b(bearer\s+)[\w.\-~+/=]{8,}")
_VARIABLE = re.compile(r"UNDERSAID_\w*(?:KEY|TOKEN|SECRET|PASSWORD)")
_COOKIE = re.compile(rb"\b(NID|SID|HSID|SSID|SAPISID|CONSENT|SOCS)=[^;\s\"']+")
#: Secrets that no variable of ours holds, the longest first.
_SEEN: list[bytes] = []


def without_secrets(content: bytes) -> bytes:
    """Return `content` with the values of tokens, keys, passwords and cookies replaced.

    >>> without_secrets(b'{"token":"APP6_abc","id":"TIMESERIES"}')
    b'{"token":"removed","id":"TIMESERIES"}'
    """
    text = _IN_JSON.sub(rb'\1"' + _MARK + rb'"', content)
    text = _IN_ADDRESS.sub(rb"\1" + _MARK, text)
    text = _IN_HEADER.sub(rb"\1" + _MARK, text)
    text = _COOKIE.sub(rb"\1=" + _MARK, text)
    text = _BEARER.sub(rb"\1" + _MARK, text)
    for value in (*_SEEN, *_configured()):  # a service may repeat what it was sent, in a form of its own
        text = text.replace(value, _MARK)
    return text


def _configured() -> list[bytes]:
    """Return the secrets of the environment, the longest first."""
    values = {v.strip().encode() for k, v in os.environ.items() if _VARIABLE.fullmatch(k) and len(v.strip()) >= _FEWEST}
    return sorted(values, key=len, reverse=True)


def is_secret(value: str) -> None:
    """Take `value` out from now on too, as the address of a webhook: whoever knows it can write there."""
    if len(value) >= _FEWEST and value.encode() not in _SEEN:
        _SEEN.append(value.encode())
        _SEEN.sort(key=len, reverse=True)


def _hide(record: logging.LogRecord) -> bool:
    """Take the secrets out of what the HTTP library logs: some services want their key in the address."""
    record.msg, record.args = without_secrets(record.getMessage().encode("utf-8", "replace")).decode(), ()
    return True


logging.getLogger("httpx").addFilter(_hide)
