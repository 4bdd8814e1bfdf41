"""Keeping names out of the store: keyed pseudonyms, masked handles, and the key itself, kept outside the data.

A pseudonym is a keyed hash of platform and author. With the key the same author is met again in another file of the same
platform; without it nobody can test a guessed name. Deleting the key turns every stored pseudonym into an anonymous number.
Keys are never shared across platforms, so that the same name on two networks cannot be joined.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import platformdirs

from sources.errors import BadFile, Unavailable

#: Overrides where the key lives.
KEY_FILE_VARIABLE = "UNDERSAID_AUTHOR_KEY_FILE"

KEY_BYTES = 32
_MARK = "@user"
_PERSON = b"undersaid.author"  # blake2b takes 16 bytes; separates these hashes from any other use of the key

_AT_INSIDE = re.compile(r"[\w.+-]@\w")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# Handles are Latin words on most networks; where one starts in another script it runs to the next blank or sign. Not after
# a letter, digit, dot, slash or @: those are e-mail addresses, web addresses and package names.
_LATIN = "0-9A-Za-z_\u00c0-\u024f"
_HANDLE = re.compile(rf"(?<![\w.@/＠])[@＠](?:[{_LATIN}](?:[{_LATIN}.\-]*[{_LATIN}])?|\w+)(?:@[\w\-]+(?:\.[\w\-]+)+)?")
_DID = re.compile(r"\bdid:(?:plc|web|key):[\w.:%-]+")
_REDDIT = re.compile(r"(?<![\w.])(/?u/)[\w-]{3,}")
_PROFILE = re.compile(
    r"(?<![\w-])((?:twitter|x|instagram)\.com/@?|threads\.(?:net|com)/@|(?:tiktok|medium|youtube)\.com/@|bsky\.app/profile/"
    r"|t\.me/(?:s/)?|reddit\.com/u(?:ser)?/)"
    r"(?!(?:i|p|reel|reels|tv|hashtag|search|intent|share|status|explore|user)(?:[/?#\s]|$))[^\s/?#\"'<>)\]]+",
    re.IGNORECASE,
)
_AT_PATH = re.compile(r"(?<=[\w])/@[^/\s?#\"'<>)\]]+")
_X_STATUS = re.compile(r"^https?://(?:www\.|mobile\.)?(twitter|x)\.com/[^/]+/status(?:es)?/(\d+).*$", re.IGNORECASE)
_FACEBOOK_POST = re.compile(
    r"^https?://(?:www\.|m\.)?facebook\.com/[^/]+/(?:posts|videos|photos)/(?:[^/]+/)?(\d{6,}).*$", re.IGNORECASE
)


def author_key(platform: str, author: str, secret: bytes) -> str:
    """Return the pseudonym of `author` on `platform`: 32 hexadecimal digits, the same for the same three arguments.

    A leading "@" or "u/", letter case and surrounding blanks make no difference, because exports write them in every way.

    Parameters
    ----------
    platform : network or site; keys of two platforms can never be compared.
    author : handle, or native author id where there is no handle.
    secret : the key, see `load_secret`; 16 to 64 bytes.

    Raises
    ------
    ValueError : an empty author, or a key shorter than 16 bytes.

    References
    ----------
    RFC 7693 (BLAKE2), keyed hashing.
    """
    name = author.strip().casefold().removeprefix("/").removeprefix("u/").lstrip("@＠").strip()
    if not name:
        raise ValueError("an author without a name has no pseudonym: pass null instead")
    if len(secret) < 16:
        raise ValueError("the author key has fewer than 16 bytes")
    digest = hashlib.blake2b(digest_size=16, key=secret[:64], person=_PERSON)
    digest.update(f"{platform.strip().casefold()}\0{name}".encode("utf-8", "replace"))
    return digest.hexdigest()


def author_keys(platforms: pd.Series, authors: pd.Series, secret: bytes) -> pd.Series:
    """Return `author_key` of every row; null where the author is null or empty. Each distinct pair is hashed once."""
    pairs = pd.DataFrame({"platform": platforms, "author": authors})
    pairs["author"] = pairs["author"].astype("str").where(pairs["author"].notna())
    known = pairs["author"].notna() & (pairs["author"].str.strip(" \t@＠").str.len() > 0)
    result = pd.Series(None, index=pairs.index, dtype="object")
    if known.any():
        distinct = pairs[known].drop_duplicates()
        keys = [author_key(p, a, secret) for p, a in zip(distinct["platform"], distinct["author"], strict=True)]
        joined = pairs[known].merge(distinct.assign(key=keys), on=["platform", "author"], how="left")
        result[known] = joined["key"].to_numpy()
    return result


def mention_keys(platforms: pd.Series, named: Iterable[Iterable[str] | None], secret: bytes) -> pd.Series:
    """Return the pseudonyms of the accounts named in each post as a JSON list, without repeats; null where nobody is named.

    `named` : per post the names, as authors of the platform are named (see `author_key`). A pseudonym is that of the account as
    an author: who is named and writes too is met as one.
    """
    rows = [list(dict.fromkeys(n.strip() for n in names or () if n.strip(" \t@＠"))) for names in named]
    flat = pd.Series([n for names in rows for n in names], dtype="object")
    of = pd.Series([p for p, names in zip(platforms, rows, strict=True) for _ in names], dtype="object")
    keys = iter(author_keys(of, flat, secret)) if len(flat) else iter(())
    lists = [list(dict.fromkeys(next(keys) for _ in names)) for names in rows]
    return pd.Series([json.dumps(k) if k else None for k in lists], index=platforms.index, dtype="object")


def handles(text: str) -> list[str]:
    """Return the accounts that a text names by their handle, without the sign, as written.

    >>> handles("merci @Marie_D et @paul@mastodon.social !")
    ['Marie_D', 'paul@mastodon.social']
    """
    return [h.lstrip("@＠") for h in _HANDLE.findall(text)] if "@" in text or "＠" in text else []


def mask_handles(text: str) -> str:
    """Return `text` with @handles, u/names, e-mail addresses, and names or DIDs in addresses replaced by "user".

    >>> mask_handles("merci @Marie_D et @paul@mastodon.social !")
    'merci @user et @user !'
    """
    if "@" not in text and "＠" not in text and "/" not in text and "did:" not in text:
        return text
    text = _DID.sub("did:user", text) if "did:" in text else text
    if ".com/" in text or "bsky.app/" in text or "t.me/" in text or "threads.net/" in text:
        text = _PROFILE.sub(r"\1user", text)
    if "/@" in text:
        text = _AT_PATH.sub("/@user", text)
    if "@" in text or "＠" in text:
        text = _HANDLE.sub(_MARK, text)
        text = _EMAIL.sub(_MARK, text) if _AT_INSIDE.search(text) else text
    return _REDDIT.sub(r"\1user", text) if "u/" in text else text


def mask_address(url: str, author: str | None = None) -> str:
    """Return the address of a post without the name of its author, still leading to the post where the site allows it.

    X and Facebook resolve a post by its number alone. Elsewhere the name is replaced, and the address no longer opens:
    the price of not storing who wrote it.
    """
    if found := _X_STATUS.match(url):
        return f"https://{found[1].lower()}.com/i/status/{found[2]}"
    if found := _FACEBOOK_POST.match(url):
        return f"https://www.facebook.com/{found[1]}"
    url = _DID.sub("user", _PROFILE.sub(r"\1user", url))
    url = _AT_PATH.sub("/@user", url)
    name = (author or "").strip().lstrip("@＠")
    if len(name) >= 3:
        url = re.sub(rf"(?<=[/=@]){re.escape(name)}(?=[/?#&]|$)", "user", url, flags=re.IGNORECASE)
    return url


def secret_path() -> Path:
    """Return where the author key lives: the environment's choice, else the user's data folder; never inside a study."""
    chosen = os.environ.get(KEY_FILE_VARIABLE, "").strip()
    return (
        Path(chosen).expanduser()
        if chosen
        else platformdirs.user_data_path("undersaid", appauthor=False) / "author.key"
    )


def load_secret(path: Path | str | None = None) -> bytes:
    """Return the key for `author_key`; it is created on first use, readable by its owner only (mode 0600).

    Parameters
    ----------
    path : where the key lives; None = the file named by UNDERSAID_AUTHOR_KEY_FILE, else the user's data folder.

    Raises
    ------
    BadFile : the file holds no key.
    Unavailable : the file can be neither read nor created.
    """
    place = Path(path) if path is not None else secret_path()
    remedy = f"set {KEY_FILE_VARIABLE} to a file that may be read and written"
    try:
        if not place.exists():
            _create(place)
        text = place.read_bytes().strip()
    except OSError as error:
        raise Unavailable(f"the author key cannot be used ({error.strerror or error})", str(place), remedy) from error
    try:
        key = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) < 16:
        raise BadFile(
            "this file does not hold an author key (64 hexadecimal digits)",
            str(place),
            "restore it from a backup; deleting it makes a new one, and authors stored before are then met as strangers",
        )
    return key


def _create(place: Path) -> None:
    """Write a new key so that another process sees either no file or a whole one."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = place.with_name(f"{place.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(secrets.token_hex(KEY_BYTES) + "\n")
        try:
            # A link fails where a rename would overwrite the key that another process has just made.
            os.link(draft, place)
        except FileExistsError:
            return
        except OSError:  # a file system without links
            if not place.exists():
                draft.rename(place)
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
