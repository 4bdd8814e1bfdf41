"""Exports of research tools and saved answers of networks: CrowdTangle, Meta, 4CAT, minet, twarc, ExportComments."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from sources.errors import BadFile
from tests.exports import read, rows_of, text_of, workbook_of

CROWDTANGLE = [
    "Page Name", "User Name", "Facebook Id", "Page Admin Top Country", "Likes at Posting", "Followers at Posting",
    "Post Created", "Type", "Total Interactions", "Likes", "Comments", "Shares", "Love", "Wow", "Haha", "Sad", "Angry",
    "Care", "Post Views", "URL", "Message", "Link", "Final Link", "Image Text", "Sponsor Id",
    "Total Interactions (weighted  —  Likes 1x Shares 1x Comments 1x Love 1x Wow 1x Haha 1x Sad 1x Angry 1x Care 1x )",
    "Overperforming Score (weighted  —  Likes 1x Shares 1x Comments 1x Love 1x )",
]  # fmt: skip
CROWD: dict[str, object] = {
    "Page Name": "Chaleur", "User Name": "chaleur", "Facebook Id": "100044", "Page Admin Top Country": "FR",
    "Likes at Posting": "4000", "Followers at Posting": "5000", "Post Created": "2020-04-16 09:48:29 EDT", "Type": "Photo",
    "Total Interactions": "1,234", "Likes": "1000", "Comments": "34", "Shares": "100", "Love": "60", "Angry": "40",
    "Post Views": "0", "URL": "https://www.facebook.com/1/posts/2", "Message": "Chaud",
    CROWDTANGLE[-2]: "1,234",
}  # fmt: skip


def test_crowdtangle_keeps_its_named_zone_its_thousands_and_its_weighted_figure_apart() -> None:
    winter = {**CROWD, "Post Created": "2020-01-16 09:48:29 EST", "URL": "https://www.facebook.com/1/posts/3"}
    weighted = {**CROWD, "Total Interactions": "", "URL": "https://www.facebook.com/1/posts/4"}
    reading = read("\ufeff" + text_of(CROWDTANGLE, rows_of(CROWDTANGLE, CROWD, winter, weighted)))
    table = reading.table
    assert reading.source == "crowdtangle_export"
    assert [f"{t:%m-%d %H:%M}" for t in table["created_at"]] == ["04-16 13:48", "01-16 14:48", "04-16 13:48"]
    assert table["engagement"].tolist() == [1234, 1234, 1234]
    assert table["engagement_kind"].tolist() == ["interactions", "interactions", "weighted"]
    assert table["author_followers"].tolist() == [5000] * 3
    assert (table["country"].iloc[0], table["country_source"].iloc[0]) == ("FR", "page")
    assert json.loads(table["reactions"].iloc[0]) == {"love": 60, "angry": 40}


def test_crowdtangle_views_of_a_picture_are_not_applicable_and_those_of_a_video_are_a_measured_zero() -> None:
    video = {**CROWD, "Type": "Native Video", "URL": "https://www.facebook.com/1/posts/5"}
    table = read(text_of(CROWDTANGLE, rows_of(CROWDTANGLE, CROWD, video))).table
    assert pd.isna(table["view_count"].iloc[0])
    assert table["view_count"].iloc[1] == 0
    assert table["flags"].iloc[0] == "not_applicable:view_count"


META = {
    "id": 18446744073709551615123,
    "creation_time": "2024-05-01T10:00:00+0000",
    "modified_time": "2024-05-02T10:00:00+0000",
    "content_type": "photos",
    "statistics": {"like_count": 3, "love_count": 0, "comment_count": 1, "share_count": 0},
    "post_owner": {"type": "facebook_page", "id": 100, "name": "Chaleur"},
    "surface": {"type": "facebook_page", "id": 100},
}


def test_meta_content_library_ids_beyond_64_bits_and_missing_views_are_kept_as_they_are() -> None:
    reading = read(json.dumps([META, {**META, "id": 2, "statistics": {"views": 0}}]), "mcl.json")
    table = reading.table
    assert (reading.source, table["id"].tolist()) == ("meta_content_library_export", ["18446744073709551615123", "2"])
    assert pd.isna(table["view_count"].iloc[0])
    assert table["view_count"].iloc[1] == 0
    assert table["text"].isna().all()
    assert any("No column holds the texts" in note for note in reading.notes)
    assert table["created_at"].iloc[0] == pd.Timestamp("2024-05-01 10:00", tz="UTC")
    assert set(table["platform"]) == {"facebook"}


def test_4cat_redacted_authors_are_nobody_and_missing_fields_are_no_zero() -> None:
    header = [
        "id", "thread_id", "body", "author", "author_fullname", "timestamp", "unix_timestamp", "like_count", "repost_count",
        "languages", "tags", "missing_fields",
    ]  # fmt: skip
    common = {"thread_id": "1", "body": "bruit", "timestamp": "2024-05-01 10:00:00", "unix_timestamp": "1714557600"}
    rows = rows_of(
        header,
        {**common, "id": "1", "author": "REDACTED", "like_count": "0", "missing_fields": "like_count"},
        {**common, "id": "2", "author": "REDACTED", "like_count": "0"},
        {**common, "id": "3", "author": "b2f5ff47436671b6e533d8dc3614845d6f0b2e2b", "like_count": "4"},
        {**common, "id": "4", "author": "b2f5ff47436671b6e533d8dc3614845d6f0b2e2b", "like_count": "4"},
    )
    reading = read(text_of(header, rows), platform="bluesky")
    table = reading.table
    assert reading.source == "4cat_export"
    assert table["author_key"].isna().tolist() == [True, True, False, False]
    assert table["author_key"].iloc[2] == table["author_key"].iloc[3]
    assert table["flags"].fillna("").tolist() == ["author_redacted", "author_redacted", "", ""]
    assert table["like_count"].isna().tolist() == [True, False, False, False]
    assert table["created_at"].iloc[0] == pd.Timestamp("2024-05-01 10:00", tz="UTC")


MINET = [
    "uri", "url", "timestamp_utc", "local_time", "indexed_at_utc", "user_did", "user_handle", "text", "like_count",
    "repost_count", "reply_count", "quote_count", "to_post_uri", "quoted_uri", "repost_by_user_handle", "links", "domains",
    "hashtags", "lang", "match_query", "query", "collection_time", "collected_via",
]  # fmt: skip
MINET_ROW: dict[str, object] = {
    "uri": "at://did:plc:a/app.bsky.feed.post/1", "url": "https://bsky.app/profile/anna.example/post/1",
    "timestamp_utc": "1714557600", "indexed_at_utc": "2024-05-01T10:00:01", "user_did": "did:plc:a",
    "user_handle": "anna.example", "text": "bruit", "like_count": "0", "links": "https://a.example/x|https://b.example/y",
    "domains": "a.example|b.example", "hashtags": "pac|bruit", "match_query": "1", "query": "pac",
    "collection_time": "2024-05-02T10:00:00", "collected_via": "search",
}  # fmt: skip


def test_minet_lists_bars_and_posts_that_did_not_match_are_understood() -> None:
    context = {**MINET_ROW, "uri": "at://did:plc:a/app.bsky.feed.post/2", "match_query": "0"}
    reading = read(text_of(MINET, rows_of(MINET, MINET_ROW, context)))
    row = reading.table.iloc[0]
    assert (reading.source, row["platform"], row["like_count"]) == ("minet_export", "bluesky", 0)
    assert json.loads(row["links"]) == ["https://a.example/x", "https://b.example/y"]
    assert json.loads(row["domains"]) == ["a.example", "b.example"]
    assert json.loads(row["tags"]) == ["pac", "bruit"]
    assert reading.table["flags"].fillna("").tolist() == ["", "not_matched"]


def test_dates_before_1970_and_after_their_arrival_are_kept_and_marked() -> None:
    old = {**MINET_ROW, "timestamp_utc": "-3600000000", "uri": "at://did:plc:a/app.bsky.feed.post/3"}
    future = {**MINET_ROW, "timestamp_utc": "1914557600", "uri": "at://did:plc:a/app.bsky.feed.post/4"}
    table = read(text_of(MINET, rows_of(MINET, MINET_ROW, old, future))).table
    assert table["created_at"].dt.year.tolist() == [2024, 1855, 2024]
    assert table["time_quality"].tolist() == ["ok", "suspect", "clamped"]
    assert table["created_at_claimed"].dt.year.iloc[2] == 2030


def test_tables_of_accounts_are_refused_because_they_hold_people() -> None:
    header = ["did", "handle", "display_name", "created_at", "description", "avatar", "posts", "followers", "follows"]
    with pytest.raises(BadFile, match=r"a table of accounts, not of posts.*export the posts instead"):
        read(text_of(header, [["did:plc:a", "anna.example", "Anna", "2024-05-01", "bio", "x", "3", "4", "5"]]))


TWARC = [
    "id", "conversation_id", "referenced_tweets.retweeted.id", "author_id", "created_at", "text", "lang",
    "public_metrics.retweet_count", "public_metrics.like_count", "public_metrics.quote_count", "author.username",
    "author.public_metrics.followers_count", "edit_history_tweet_ids", "__twarc.retrieved_at",
]  # fmt: skip
TWARC_ROW: dict[str, object] = {
    "id": "1899999999999999999", "conversation_id": "1899999999999999999", "author_id": "12",
    "created_at": "2024-05-01T10:00:00.000Z", "text": "bruit", "lang": "fr", "public_metrics.like_count": "0",
    "author.username": "anna", "author.public_metrics.followers_count": "77", "edit_history_tweet_ids": "1",
}  # fmt: skip


def test_twarc_tables_keep_ids_as_text_and_meet_a_tweet_once() -> None:
    retweet = {**TWARC_ROW, "id": "1900000000000000000", "referenced_tweets.retweeted.id": "5"}
    reading = read(text_of(TWARC, rows_of(TWARC, TWARC_ROW, TWARC_ROW, retweet)))
    table = reading.table
    assert (reading.source, table["id"].tolist()) == ("twarc_export", ["1899999999999999999", "1900000000000000000"])
    assert table["kind"].tolist() == ["post", "repost"]
    assert (table["repost_of"].iloc[1], table["author_followers"].iloc[0]) == ("5", 77)
    assert reading.rejected["row"].tolist() == [3]


def test_answers_of_the_x_api_a_line_find_their_authors_and_full_texts() -> None:
    answer = {
        "data": [
            {
                "id": "2", "author_id": "9", "created_at": "2024-05-01T10:00:00.000Z", "text": "RT @b: la pompe fait…",
                "public_metrics": {"retweet_count": 1, "like_count": 0, "quote_count": 0, "reply_count": 0},
                "referenced_tweets": [{"type": "retweeted", "id": "1"}], "edit_history_tweet_ids": ["2"],
            }
        ],
        "includes": {
            "users": [{"id": "9", "username": "anna", "public_metrics": {"followers_count": 7}}],
            "tweets": [{"id": "1", "text": "la pompe fait du bruit"}],
        },
    }  # fmt: skip
    reading = read("\n".join([json.dumps(answer), json.dumps(answer)]), "tweets.jsonl")
    row = reading.table.iloc[0]
    assert (reading.source, len(reading.table), len(reading.rejected)) == ("twarc_export", 1, 1)
    assert (row["kind"], row["repost_of"], row["author_followers"]) == ("repost", "1", 7)
    assert row["text"].endswith("la pompe fait du bruit")


def test_twarc_counts_leave_out_the_days_that_the_service_cut() -> None:
    body = "start,end,day_count\n2024-05-01T15:30:00.000Z,2024-05-02T00:00:00.000Z,4\n"
    body += "".join(f"2024-05-0{d}T00:00:00.000Z,2024-05-0{d + 1}T00:00:00.000Z,{d}\n" for d in range(2, 6))
    reading = read(body, "pac.csv")
    assert (reading.kind, reading.source) == ("counts", "twarc_counts_export")
    assert reading.table["posts"].tolist() == [2, 3, 4, 5]
    assert set(reading.table["query"]) == {"pac"}
    assert reading.rejected["reason"].tolist() == ["shorter than a whole day; row left out"]


def test_exported_comments_are_told_from_replies_by_their_number() -> None:
    head = [["Exported from", "https://www.instagram.com/p/abc/"], ["Date", "2026-03-13"], []]
    header = ["", "Name (click to view profile)", "Profile ID", "Date", "Likes", "Comment", "(view source)"]
    rows = [
        ["1", "anna", "77", "2026-03-13 20:00:00", 2, "bruyante", "https://www.instagram.com/p/abc/c/1/"],
        ["1-1", "bob", "78", "2026-03-13 21:00:00", 0, "oui @anna", "https://www.instagram.com/p/abc/c/2/"],
    ]
    reading = read(workbook_of("Comments", [*head, header, *rows]), "comments.xlsx")
    assert reading.source == "exportcomments_export"
    assert reading.table["kind"].tolist() == ["comment", "reply"]
    assert reading.table["platform"].tolist() == ["instagram", "instagram"]
    assert "anna" not in reading.table.drop(columns="raw_ref").to_csv()


def test_a_single_post_is_not_taken_for_the_list_of_its_tags() -> None:
    post = {
        "id": "1",
        "created_at": "2024-05-01T10:00:00Z",
        "text": "bruit",
        "tags": [{"name": "pac"}, {"name": "eau"}],
    }
    assert read(json.dumps(post), "one.json").table["text"].tolist() == ["bruit"]
