"""Privacy: pseudonyms that only the key can test, handles out of texts, a key file that nobody else reads."""

from __future__ import annotations

import stat
from pathlib import Path

import pandas as pd
import pytest

from sources.errors import BadFile, Unavailable
from sources.privacy import (
    KEY_FILE_VARIABLE,
    author_key,
    author_keys,
    load_secret,
    mask_address,
    mask_handles,
    secret_path,
)

SECRET = bytes(range(32))


def test_one_author_has_one_key_however_the_export_writes_the_name() -> None:
    keys = {author_key("x", name, SECRET) for name in ("Marie_D", "@marie_d", " @MARIE_D ", "＠Marie_D")}
    assert len(keys) == 1
    assert len(keys.pop()) == 32


def test_keys_of_two_platforms_or_two_secrets_have_nothing_in_common() -> None:
    keys = {
        author_key("x", "marie", SECRET),
        author_key("bluesky", "marie", SECRET),
        author_key("x", "marie", SECRET[::-1]),
        author_key("x", "marie2", SECRET),
    }
    assert len(keys) == 4


def test_platform_and_name_cannot_run_into_one_another() -> None:
    assert author_key("ab", "c", SECRET) != author_key("a", "bc", SECRET)


def test_an_empty_author_and_a_short_key_are_refused() -> None:
    with pytest.raises(ValueError, match="without a name"):
        author_key("x", " @ ", SECRET)
    with pytest.raises(ValueError, match="fewer than 16"):
        author_key("x", "marie", b"short")


def test_a_column_of_authors_keeps_null_where_nobody_is_named() -> None:
    keys = author_keys(pd.Series(["x", "x", "bluesky", "x"]), pd.Series(["a", None, "a", "@"]), SECRET)
    assert keys[0] == author_key("x", "a", SECRET)
    assert keys[2] == author_key("bluesky", "a", SECRET)
    assert keys.isna().tolist() == [False, True, False, True]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("merci @Marie_D et @paul@mastodon.social !", "merci @user et @user !"),
        ("RT @a.b-c: bonjour", "RT @user: bonjour"),
        ("ask jane.doe@example.com or /u/some_one", "ask @user or /u/user"),
        ("＠tanakaありがとう @田中 さん", "@userありがとう @user さん"),
        ("@Rémi: ok", "@user: ok"),
        ("see https://x.com/MarieD/status/9 and https://bsky.app/profile/m.bsky.social/post/3k", ""),
        ("https://mastodon.social/@alice/1093", "https://mastodon.social/@user/1093"),
        ("img/did:plc:crmrddqmbqzyqd24/abc", "img/did:user/abc"),
    ],
)
def test_names_are_taken_out_of_texts(text: str, masked: str) -> None:
    got = mask_handles(text)
    if masked:
        assert got == masked
    else:
        assert "MarieD" not in got
        assert "m.bsky.social" not in got
        assert got.startswith("see https://x.com/user/status/9")


@pytest.mark.parametrize(
    "text", ["à 5 @ 6 heures", "netflix.com/browse", "50 €/m2", "a/b/c", "", "https://x.com/i/status/9"]
)
def test_texts_without_names_stay_as_they_are(text: str) -> None:
    assert mask_handles(text) == text


def test_masking_twice_changes_nothing_more() -> None:
    once = mask_handles("@a_b wrote to c@d.fr about https://t.me/chan/3 and u/someone did:plc:abc")
    assert mask_handles(once) == once


@pytest.mark.parametrize(
    ("url", "author", "kept"),
    [
        (
            "https://twitter.com/MarieD/status/920061541986250758?s=20",
            None,
            "https://twitter.com/i/status/920061541986250758",
        ),
        ("https://www.facebook.com/SomePage/posts/858090351333568", None, "https://www.facebook.com/858090351333568"),
        ("https://forum.example/u/marie/12", "Marie", "https://forum.example/u/user/12"),
        ("https://bsky.app/profile/did:plc:abc123/post/3k", None, "https://bsky.app/profile/user/post/3k"),
        ("https://lemonde.fr/article/1", "lem", "https://lemonde.fr/article/1"),
    ],
)
def test_addresses_lose_the_author_and_keep_the_post(url: str, author: str | None, kept: str) -> None:
    assert mask_address(url, author) == kept


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "author.key"
    first = load_secret(place)
    assert len(first) == 32
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert load_secret(place) == first
    assert [p.name for p in place.parent.iterdir()] == ["author.key"]  # no draft is left behind


def test_the_environment_chooses_where_the_key_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_FILE_VARIABLE, str(tmp_path / "here.key"))
    assert secret_path() == tmp_path / "here.key"
    assert load_secret() == load_secret(tmp_path / "here.key")
    monkeypatch.delenv(KEY_FILE_VARIABLE)
    assert "undersaid" in str(secret_path())


def test_a_file_that_holds_no_key_is_named_with_the_way_out(tmp_path: Path) -> None:
    wrong = tmp_path / "author.key"
    wrong.write_text("not a key")
    with pytest.raises(BadFile, match=r"author\.key: this file does not hold an author key"):
        load_secret(wrong)


def test_a_place_that_cannot_be_written_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match=KEY_FILE_VARIABLE):
        load_secret(tmp_path / "file" / "author.key")
