"""Tables of posts: names stay out, null is not zero, ids keep their digits, reposts are told apart, copies are met once."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sources import read_export
from sources.errors import BadFile
from sources.exports import Reading, read_bytes
from sources.privacy import KEY_FILE_VARIABLE, author_key
from sources.tables import TABLES, conform

FILES = Path(__file__).parent / "files" / "exports"
SECRET = bytes(range(32))


def read(text: str, name: str = "posts.csv", **mapping: object) -> Reading:
    return read_bytes(name, text.encode(), mapping=mapping, secret=SECRET)


def rows(reading: Reading, *columns: str) -> list[tuple[object, ...]]:
    frame = reading.table[list(columns)].astype("object")
    return [tuple(None if pd.isna(v) else v for v in row) for row in frame.itertuples(index=False)]


def refused(reading: Reading) -> list[tuple[int, str, str]]:
    return list(reading.rejected[["row", "column", "reason"]].itertuples(index=False, name=None))


@pytest.fixture
def french() -> Reading:
    return read_export(FILES / "posts_fr.csv", secret=SECRET)


def test_a_french_listening_table_in_an_old_encoding_is_read_whole(french: Reading) -> None:
    assert french.kind == "posts"
    assert rows(french, "platform", "id", "kind", "lang", "country", "sentiment_label") == [
        ("x", "1767890123456789012", "post", "fr", "FR", "negative"),
        ("x", "1767999999999999999", "repost", "fr", "FR", "neutral"),
        ("x", "1768111111111111111", "post", "fr-FR", "BE", "negative"),
    ]
    assert french.table["created_at"].tolist() == [
        pd.Timestamp("2024-03-13 14:05", tz="UTC"),
        pd.Timestamp("2024-03-14 09:30", tz="UTC"),
        pd.Timestamp("2024-03-15 18:00", tz="UTC"),
    ]
    assert rows(french, "like_count", "repost_count", "reply_count", "author_followers", "view_count") == [
        (12, 1, 0, 1204, None),
        (0, 0, None, 35, None),
        (3400, 210, None, 1210, None),
    ]
    assert any("cp1252 was guessed" in note for note in french.notes)
    assert any("UTC" in note and "timezone" in note for note in french.notes)
    assert set(french.table["time_quality"]) == {"zone_assumed"}


def test_the_table_fits_the_schema_of_posts(french: Reading) -> None:
    assert list(french.table) == [f.name for f in TABLES["posts"]][:-3]
    stamped = french.table.assign(source="table", fetched_at=pd.Timestamp("2026-01-01", tz="UTC"), batch_id="b")
    assert conform(stamped, "posts").num_rows == 3


def test_no_name_gets_through(french: Reading) -> None:
    everything = french.table.to_csv() + french.rejected.to_csv() + " ".join(french.notes)
    for name in ("Marie_D", "marie_d", "paul_b", "Jean"):
        assert name not in everything
    assert french.table["text"].tolist() == [
        "La pompe de mon voisin @user fait un bruit ; c'est pénible",
        "RT @user: La pompe de mon voisin",
        "Toujours ce bruit & rien ne change",
    ]
    assert french.table["url"].tolist()[0] == "https://twitter.com/i/status/1767890123456789012"


def test_one_author_is_one_key_in_every_row_and_spelling(french: Reading) -> None:
    keys = french.table["author_key"].tolist()
    assert keys[0] == keys[2] == author_key("x", "marie_d", SECRET)
    assert keys[1] == author_key("x", "Jean", SECRET)


def test_accounts_that_a_text_names_are_met_as_the_authors_they_are() -> None:
    lines = [
        "Date,Author,Text,URL,Type",
        "2024-03-01 10:00,anna,merci @Jean et @jean et x@y.fr,https://x.com/anna/status/1,post",
        "2024-03-01 11:00,Jean,bonjour,https://x.com/jean/status/2,post",
        "2024-03-01 12:00,luc,RT @anna: merci @Jean,https://x.com/luc/status/3,repost",
    ]
    table = read("\n".join(lines)).table
    assert table["mentions"].tolist()[0] == json.dumps([table["author_key"].iloc[1]])
    assert table["mentions"].isna().tolist() == [False, True, True], "what is passed on names nobody itself"
    assert table["text"].tolist()[0] == "merci @user et @user et @user"


def test_a_date_that_does_not_exist_is_refused_by_row(french: Reading) -> None:
    assert refused(french) == [(5, "Date", "the date '31/02/2024 10:00' does not exist; row left out")]


def test_a_named_zone_moves_the_clock_and_settles_the_quality() -> None:
    reading = read_export(FILES / "posts_fr.csv", mapping={"timezone": "Europe/Paris"}, secret=SECRET)
    assert reading.table["created_at"].iloc[0] == pd.Timestamp("2024-03-13 13:05", tz="UTC")
    assert set(reading.table["time_quality"]) == {"ok"}


def test_the_key_of_the_user_is_used_when_none_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_FILE_VARIABLE, str(tmp_path / "author.key"))
    one, two = (read_export(FILES / "posts_fr.csv") for _ in range(2))
    assert (tmp_path / "author.key").exists()
    assert one.table["author_key"].tolist() == two.table["author_key"].tolist()
    no_authors = "id,date,text\n1,2024-01-01,a\n"
    (tmp_path / "author.key").unlink()
    read_bytes("posts.csv", no_authors.encode())
    assert not (tmp_path / "author.key").exists()


def test_long_ids_keep_every_digit_and_rounded_ones_are_not_believed() -> None:
    reading = read(
        "tweet_id,date,text\n1767890123456789013,2024-01-01,a\n1.76789E+18,2024-01-02,b\n9007199254740993.0,2024-01-03,c\n"
    )
    ids = reading.table["id"].tolist()
    assert ids[0] == "1767890123456789013"
    assert ids[1].startswith("h")
    assert ids[2] == "9007199254740993"
    assert refused(reading) == [(3, "id", "a spreadsheet has rounded this id; it is replaced, the row is kept")]


def test_ids_come_from_addresses_or_from_author_time_and_text() -> None:
    text = (
        "date,author,text,url\n"
        "2024-01-01 10:00,ann,one,https://x.com/ann/status/1767890123456789013\n"
        "2024-01-01 10:00,ann,two,https://www.forum.example/t/5?utm_source=a\n"
        "2024-01-01 10:00,ann,three,\n"
    )
    ids = read(text).table["id"].tolist()
    assert ids[0] == "1767890123456789013"
    assert len({*ids}) == 3
    moved = text.replace("https://www.forum.example/t/5?utm_source=a", "http://forum.example/t/5/")
    assert read(moved).table["id"].tolist() == ids  # the same post under another spelling of its address
    assert read(text.replace("three", "four")).table["id"].tolist()[2] != ids[2]


def test_ids_that_are_addresses_are_hashed_because_they_name_the_author() -> None:
    text = "uri,created_at,text,in_reply_to_id\nhttps://social.example/users/ann/5,2024-01-01T10:00Z,a,\nhttps://social.example/users/bob/6,2024-01-01T11:00Z,b,https://social.example/users/ann/5\n"
    reading = read(text)
    assert "ann" not in reading.table.to_csv()
    assert reading.table["in_reply_to"].iloc[1] == reading.table["id"].iloc[0]
    assert reading.table["kind"].tolist() == ["post", "reply"]


def test_a_post_met_twice_is_read_once_and_its_copy_refused_by_row() -> None:
    reading = read("id,date,text,likes\n7,2024-01-01,a,1\n8,2024-01-02,b,2\n7,2024-01-01,a,1\n")
    assert reading.table["id"].tolist() == ["7", "8"]
    assert refused(reading) == [(4, "id", "the post of row 2 again; row left out")]


def test_equal_texts_of_nobody_on_one_day_are_not_taken_for_one_post() -> None:
    reading = read("date,text\n2024-01-01,RT @a: win\n2024-01-01,RT @a: win\n2024-01-01,other\n")
    assert len(reading.table) == 3
    assert reading.table["id"].is_unique
    assert any("all are kept" in note for note in reading.notes)
    timed = read("date,author,text\n2024-01-01 10:00:01,a,win\n2024-01-01 10:00:01,a,win\n")
    assert len(timed.table) == 1


@pytest.mark.parametrize(
    ("header", "cell", "kind"),
    [
        ("Thread Entry Type", "share", "repost"),
        ("Thread Entry Type", "reply", "reply"),
        ("Thread Entry Type", "comment", "comment"),
        ("reason.$type", "app.bsky.feed.defs#reasonRepost", "repost"),
        ("is_retweet", "TRUE", "repost"),
        ("is_retweet", "False", "post"),
        ("retweeted_id", "12345", "repost"),
        ("quoted_id", "12345", "quote"),
        ("in_reply_to_status_id", "12345", "reply"),
        ("post type", "news", "article"),
        ("retweeted", "False", "post"),
    ],
)
def test_what_kind_of_post_a_row_is(header: str, cell: str, kind: str) -> None:
    assert read(f"id,date,text,{header}\n1,2024-01-01,hello,{cell}\n").table["kind"].tolist() == [kind]


def test_counters_that_are_not_there_are_null_and_measured_zeros_are_zero() -> None:
    reading = read("id,date,text,likes,reach\n1,2024-01-01,a,0,\n2,2024-01-02,b,,1200.5\n3,2024-01-03,c,n/a,x\n")
    assert rows(reading, "like_count", "repost_count", "reach") == [
        (0, None, None),
        (None, None, 1200.5),
        (None, None, None),
    ]
    assert refused(reading) == [(4, "reach", "not a number; the cell is left empty")]


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        (["positive", "Neutral", "NEGATIVE"], ["positive", "neutral", "negative"]),
        (["positif", "neutre", "négatif"], ["positive", "neutral", "negative"]),
        (["P", "N", "V"], ["positive", "neutral", "negative"]),
        (["P", "N", "N"], [None, None, None]),  # N may be neutral or negative
        (["0.6", "0", "-0.4"], ["positive", "neutral", "negative"]),
        (["positive", "", "Unknown"], ["positive", None, None]),
    ],
)
def test_sentiment_is_read_as_the_source_means_it(words: list[str], labels: list[str | None]) -> None:
    body = "".join(f"{i},2024-01-01,t{i},{w}\n" for i, w in enumerate(words))
    reading = read("id,date,text,sentiment\n" + body)
    assert [r[0] for r in rows(reading, "sentiment_label")] == labels


@pytest.mark.parametrize(
    ("line", "platform"),
    [
        ("https://bsky.app/profile/a.b/post/3k", "bluesky"),
        ("https://www.reddit.com/r/x/comments/1", "reddit"),
        ("https://m.facebook.com/p/posts/1234567", "facebook"),
        ("https://www.example.com/a", "web"),
    ],
)
def test_the_network_is_told_by_the_address(line: str, platform: str) -> None:
    assert read(f"date,text,url\n2024-01-01,a,{line}\n").table["platform"].tolist() == [platform]


def test_the_network_is_told_by_column_mapping_or_not_at_all() -> None:
    assert read("id,date,text,Network\n1,2024-01-01,a,Twitter\n").table["platform"].tolist() == ["x"]
    assert read("id,date,text\n1,2024-01-01,a\n", platform="mastodon").table["platform"].tolist() == ["mastodon"]
    unknown = read("id,date,text\n1,2024-01-01,a\n")
    assert unknown.table["platform"].tolist() == ["unknown"]
    assert any("Set platform" in note for note in unknown.notes)


def test_the_program_a_tweet_was_sent_with_is_no_network() -> None:
    reading = read("tweet_id,date,text,source\n1,2024-01-01,a,Twitter for iPhone\n2,2024-01-02,b,Instagram\n")
    assert set(reading.table["platform"]) == {"x"}


def test_authors_of_two_networks_are_never_one_key() -> None:
    text = "date,author,text,platform\n2024-01-01,ann,a,Twitter\n2024-01-01,ann,b,Bluesky\n"
    assert read(text).table["author_key"].nunique() == 2


def test_what_speaks_of_the_author_is_not_taken_for_the_post() -> None:
    header = "id,created_at,text,user_id,user_likes,user_created_at,user_followers,user_location"
    text = header + "\n1,2024-01-01T00:00Z,a,77,999,2009-01-01,12,Paris\n"
    reading = read(text)
    assert rows(reading, "like_count", "author_followers", "created_at") == [
        (None, 12, pd.Timestamp("2024-01-01", tz="UTC"))
    ]


@pytest.mark.parametrize(
    ("printed", "utc", "quality"),
    [
        ("2020-04-16 09:48:29 EDT", "2020-04-16 13:48:29", "ok"),
        ("Fri Feb 28 12:54:00 +0000 2025", "2025-02-28 12:54:00", "ok"),
        ("2026-03-13T20:00:00.000Z", "2026-03-13 20:00:00", "ok"),
        ("2024-01-01T10:00:00+05:30", "2024-01-01 04:30:00", "ok"),
        ("1610005273.0", "2021-01-07 07:41:13", "ok"),
        ("May 21, 2026 at 5:50:00 PM UTC+3", "2026-05-21 14:50:00", "ok"),
        ("13/05/2024 14h30", "2024-05-13 14:30:00", "zone_assumed"),
        ("2024-05-13", "2024-05-13 00:00:00", "date_only"),
        ("1970-01-01T00:00:00Z", "1970-01-01 00:00:00", "suspect"),
    ],
)
def test_times_of_every_form_become_utc_with_their_quality(printed: str, utc: str, quality: str) -> None:
    reading = read(f'id,created_at,text\n1,"{printed}",a\n')
    assert rows(reading, "created_at", "time_quality") == [(pd.Timestamp(utc, tz="UTC"), quality)]


def test_a_zone_name_of_several_zones_is_refused_unless_the_user_says_which() -> None:
    text = "id,date,text\n1,2024-01-01 10:00 IST,a\n2,2024-01-01 10:00 UTC,b\n"
    assert refused(read(text))[0][:2] == (2, "date")
    assert len(read(text, timezone="Asia/Kolkata").table) == 2


def test_markup_and_entities_are_taken_out_of_texts() -> None:
    reading = read('id,created_at,content\n1,2024-01-01T00:00Z,"<p>Bonjour &amp; merci<br>a &lt; b</p>"\n')
    assert reading.table["text"].tolist() == ["Bonjour & merci\na < b"]


def test_formula_cells_stay_text() -> None:
    reading = read('id,date,text\n1,2024-01-01,"=HYPERLINK(""http://a.example"";""x"")"\n')
    assert reading.table["text"].tolist() == ['=HYPERLINK("http://a.example";"x")']


def test_nested_json_of_an_api_is_read_by_its_inner_names() -> None:
    post = {
        "uri": "at://did:plc:abc/app.bsky.feed.post/3k",
        "author": {"did": "did:plc:abc", "handle": "ann.example", "createdAt": "2020-01-01T00:00:00Z"},
        "record": {
            "text": "salut @bob.example",
            "createdAt": "2024-01-01T10:00:00Z",
            "langs": ["fr"],
            "reply": {"parent": {"uri": "at://x"}},
        },
        "likeCount": 3,
        "repostCount": 0,
        "indexedAt": "2024-01-01T10:00:01Z",
    }
    lines = json.dumps(post) + "\n" + json.dumps({**post, "uri": "at://did:plc:abc/app.bsky.feed.post/4k"}) + "\n"
    for name, content in (("a.ndjson", lines), ("a.json", json.dumps({"cursor": "1", "posts": [post]}))):
        reading = read_bytes(name, content.encode(), secret=SECRET)
        assert rows(
            reading, "platform", "kind", "text", "lang", "like_count", "repost_count", "reply_count", "in_reply_to"
        )[0] == (("bluesky", "reply", "salut @user", "fr", 3, 0, None, "at://x"))
        assert reading.table["author_key"].iloc[0] == author_key("bluesky", "ann.example", SECRET)


def test_answers_of_an_api_one_a_line_give_the_posts_inside() -> None:
    answer = {
        "data": [
            {
                "id": "1394735776701816833",
                "created_at": "2021-05-18T19:24:56.000Z",
                "text": "RT @a: x",
                "public_metrics": {"retweet_count": 1, "like_count": 0},
            }
        ]
    }
    reading = read_bytes(
        "tweets.jsonl", (json.dumps(answer) + "\n" + json.dumps({"data": [{**answer["data"][0], "id": "2"}]})).encode()
    )
    assert rows(reading, "id", "kind", "repost_count", "like_count") == [
        ("1394735776701816833", "repost", 1, 0),
        ("2", "repost", 1, 0),
    ]


def test_a_parquet_file_keeps_ids_times_and_nulls() -> None:
    table = pa.table(
        {
            "id": pa.array([1767890123456789013, 2], pa.int64()),
            "created_at": pa.array(
                [pd.Timestamp("2024-01-01 10:00"), pd.Timestamp("2024-01-02")], pa.timestamp("us", tz="Europe/Paris")
            ),
            "text": ["a", "b"],
            "likes": pa.array([None, 0], pa.int32()),
            "tags": [["x", "y"], None],
        }
    )
    out = io.BytesIO()
    pq.write_table(table, out)
    reading = read_bytes("posts.parquet", out.getvalue())
    assert rows(reading, "id", "like_count", "time_quality") == [("1767890123456789013", None, "ok"), ("2", 0, "ok")]
    assert reading.table["created_at"].iloc[0] == pd.Timestamp("2024-01-01 10:00", tz="UTC")


def test_titles_above_the_column_names_are_skipped_and_said() -> None:
    text = (
        "Report:,Bulk Mentions Download\nBrand:,Example\nFrom:,2024-01-01\n,\n"
        "Resource Id,Date,Full Text,Author,Url,Sentiment,Country Code,Thread Entry Type,Reach (new)\n"
        "r1,2024-01-01T10:00:00.000UTC,hello there,ann,https://x.com/ann/status/1767890123456789013,neutral,FRA,post,1200\n"
        "r2,2024-01-01T11:00:00.000UTC,RT hello,bob,https://x.com/bob/status/1767890123456789014,neutral,fra,share,\n"
    )
    reading = read(text)
    assert rows(reading, "id", "kind", "country", "reach") == [("r1", "post", "FR", 1200), ("r2", "repost", "FR", None)]
    assert any("Rows 1 to 3" in note for note in reading.notes)


def test_posts_without_a_date_are_named_and_not_taken_for_content() -> None:
    with pytest.raises(BadFile, match="looks like posts, but no column is called like a date"):
        read("text,author,likes\nhello there,ann,3\n")


def test_columns_can_be_named_by_hand() -> None:
    text = "wann,was,wer\n2024-01-01,hallo,ann\n"
    reading = read(text, kind="posts", columns={"date": "wann", "text": "was", "author": "wer"})
    assert rows(reading, "text", "author_key") == [("hallo", author_key("unknown", "ann", SECRET))]


def test_midnight_of_a_zone_is_a_time_for_posts_and_a_day_for_counts() -> None:
    posts = read("id,date,text\n1,2024-01-02 00:00:00,a\n2,2024-01-03,b\n", timezone="Europe/Paris")
    assert rows(posts, "created_at", "time_quality") == [
        (pd.Timestamp("2024-01-01 23:00", tz="UTC"), "ok"),
        (pd.Timestamp("2024-01-03", tz="UTC"), "date_only"),
    ]
    counts = read("date,a\n2024-01-02 00:00:00,1\n2024-01-03 00:00:00,2\n", timezone="Europe/Paris")
    assert counts.table["period"].tolist() == [
        pd.Timestamp("2024-01-02", tz="UTC"),
        pd.Timestamp("2024-01-03", tz="UTC"),
    ]


def test_hours_that_a_clock_change_skips_or_repeats_do_no_harm() -> None:
    text = "id,date,text\n1,2024-03-31 02:30,a\n2,2024-10-27 02:30,b\n"
    assert read(text, timezone="Europe/Paris").table["created_at"].tolist() == [
        pd.Timestamp("2024-03-31 01:00", tz="UTC"),
        pd.Timestamp("2024-10-27 00:30", tz="UTC"),
    ]
