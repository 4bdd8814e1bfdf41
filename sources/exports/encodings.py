"""Which characters the bytes of a text file stand for. What was guessed is said, because a guess can be wrong."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from sources.errors import BadFile, BadQuery
from sources.exports.octets import Octets, octets_of

#: Encodings met in exports that are neither UTF-8 nor UTF-16. A closed list: the detector is weak on short texts.
LEGACY = [
    "cp1252",
    "cp1254",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1255",
    "cp1256",
    "mac_roman",
    "shift_jis",
    "gb18030",
    "big5",
    "euc_kr",
]

_HEAD = 65_536
# Letters of Turkish beyond ASCII as cp1254 writes them; the first set is what tells Turkish from other Latin scripts.
_TURKISH_OWN = frozenset(b"\xfd\xdd\xfe\xde\xf0\xd0")
_TURKISH = _TURKISH_OWN | frozenset(b"\xe7\xc7\xf6\xd6\xfc\xdc\xe2\xc2\xee\xce\xfb\xdb\x91\x92\x93\x94\x96\x97\xa0")
# What Western European texts hold beyond ASCII as cp1252 writes it. Without the superscripts 1 and 3, whose bytes are the
# commonest letters of Polish in cp1250.
_WESTERN = frozenset(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜßàáâãäåæçèéêëìíîïñòóôõöøùúûüÿŒœ€…‘’“”–—™•«»°ºª¡¿·²£§©®´×\xa0".encode("cp1252")
)
# Inside words these bytes are letters of Polish in cp1250; in cp1252 they would be superscripts and a question mark.
_POLISH = re.compile(rb"[A-Za-z][\xb3\xb9\xbf][a-z]")
_RUN = re.compile(rb"[\xc0-\xff]{2,}")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HIGH, _LINE_END = re.compile(rb"[\x80-\xff]"), re.compile(rb"[\r\n]")
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def find_encoding(name: str, content: bytes | Octets, wanted: str | None = None) -> tuple[str, list[str]]:
    """Return the encoding of `content` and what is worth telling the user about it.

    Parameters
    ----------
    wanted : the user's choice, used as it is.

    Raises
    ------
    BadQuery : `content` cannot be read in the encoding that the user asked for.
    BadFile : `content` is no text.
    """
    data = octets_of(content)
    if wanted is not None:
        if not _decodes(data, wanted):
            raise BadQuery(
                f"{name} cannot be read as {wanted}", "encoding", "leave it out to have it found, or choose another"
            )
        return wanted, []
    for mark, encoding in _BOMS:
        if data.head.startswith(mark):
            if not _decodes(data, encoding):
                raise BadFile(f"the file starts as {encoding} but is damaged further on", name, "export it again")
            return encoding, []
    silent = _utf16_without_mark(data.head)
    if silent and _decodes(data, silent):
        return silent, [f"{name} has no encoding mark; it was read as {silent.upper()} by its pattern of zero bytes."]
    if _decodes(data, "utf-8"):
        return "utf-8", []
    return _guess(name, data)


def looks_like_text(sample: str) -> bool:
    """Return whether a decoded sample is text: control characters make up at most one in fifty."""
    return len(_CONTROL.findall(sample)) * 50 <= len(sample)


def _guess(name: str, data: Octets) -> tuple[str, list[str]]:
    sample = _telling_lines(data)
    high = frozenset(b for b in sample if b >= 0x80)
    if high & _TURKISH_OWN and high <= _TURKISH:
        encoding = "cp1254"  # the detector takes such files for Central European (cp1250)
    elif _POLISH.search(sample):
        encoding = "cp1250"
    elif high <= _WESTERN and sum(map(len, _RUN.findall(sample))) <= 0.4 * sum(b >= 0xC0 for b in sample):
        encoding = "cp1252"  # accents stand alone; in other scripts such bytes come in rows
    else:
        best = from_bytes(sample, cp_isolation=LEGACY).best()
        encoding = best.encoding if best is not None else "cp1252"
    if not _decodes(data, encoding):
        encoding = next((e for e in ("cp1252", "mac_roman") if _decodes(data, e)), "latin-1")
    if not looks_like_text(data.head[:_HEAD].decode(encoding, "replace")):
        raise BadFile("the file does not hold text", name, "export the table again as CSV or XLSX")
    text = sample.decode(encoding, "replace")
    found = next((w for w in re.findall(r"\w+", text) if not w.isascii()), "")
    shown = f", e.g. {found[:30]!r}" if found else ""
    remedy = "If accents look wrong, choose another encoding in the mapping."
    return encoding, [f"The encoding of {name} is not UTF-8; {encoding} was guessed{shown}. {remedy}"]


def _telling_lines(data: Octets) -> bytes:
    """Return lines that hold bytes beyond ASCII: the others say nothing about the encoding."""
    if len(data.head) <= _HEAD:
        return data.head
    lines, size = [], 0
    for block in data.blocks():
        at = 0
        # Looked for by its one byte: a pattern with the bytes around it tries each place of a long line 400 times.
        while found := _HIGH.search(block, at):
            here = found.start()
            before = _LINE_END.split(block[max(at, here - 400) : here])[-1]
            after = _LINE_END.split(block[here : here + 401], maxsplit=1)[0]
            lines.append(before + after)
            size, at = size + len(lines[-1]), here + len(after)
            if size > _HEAD:
                return b"\n".join(lines)
    return b"\n".join(lines)


def _utf16_without_mark(data: bytes) -> str | None:
    head = data[:4000]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(1, len(head) // 2)
    if odd > 0.3 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.3 * half and odd < 0.1 * half:
        return "utf-16-be"
    return None


def _decodes(data: Octets, encoding: str) -> bool:
    """Return whether all of `data` can be decoded, a piece at a time so that no second copy is held."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
        for block in data.blocks():
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except (UnicodeError, LookupError):
        return False
    return True
