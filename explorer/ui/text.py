"""Other people's text, shown letter by letter: names of topics, brands and files hold no Markdown for a page to obey."""

from __future__ import annotations

import re
from typing import Any

from explorer.words import Words

#: What Markdown of Streamlit obeys: CommonMark 0.31, GFM (strike-through, links without brackets), its own colours, icons and
#: formulas. Signs that it reads as such in one place only are left alone elsewhere, so that ordinary names stay as they are.
_OBEYED = re.compile(
    r"[\\`*_\[\]~$]"
    r"|<(?=[A-Za-z/!?])"  # tags, comments, links in angle brackets
    r"|&(?=#?\w+;)"  # entities
    r"|:(?=[A-Za-z_/+\-])"  # icons, colours, addresses
    r"|(?<=www)\.(?=\w)|(?<=\w)@(?=\w)"  # addresses and mail without brackets
    r"|(?m:^\s*)[#>+\-=](?=\s|#|=|-|>|$)|(?<=^\d)[.)]|(?<=^\d\d)[.)]",  # headings, quotes, lists, rules
    re.IGNORECASE,
)
#: Where Streamlit still sees an address, an icon, an emoji or an arrow after every sign has been escaped: it looks for them
#: in the text that Markdown has already read.
_READ_LATER = re.compile(
    r"(?<=:)(?=//|[A-Za-z_+\-][\w+\-]*[:/])|(?<=www)(?=\.)|(?<=\w@)(?=\w)|(?<=[\-<>~])(?=[\-<>=])", re.IGNORECASE
)
#: A sign without width at which no line breaks.
_JOINER = "\u2060"


class Shown(str):
    """Text in which other people's words are letters already."""

    __slots__ = ()


def plain(text: str) -> str:
    """Return other people's text so that Markdown shows it letter by letter, on one line."""
    if isinstance(text, Shown):
        return text
    line = _READ_LATER.sub(_JOINER, " ".join(text.split("\n")))
    return Shown(_OBEYED.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", line))


class PageWords(Words):
    """The words of a page: what is filled into its sentences is shown letter by letter."""

    def __call__(self, text: str, **details: Any) -> str:
        """Return `text` in this language, with {details} filled in."""
        return Shown(super().__call__(text, **{k: plain(v) if isinstance(v, str) else v for k, v in details.items()}))
