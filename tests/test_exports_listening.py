"""Exports of listening tools: each trap of Brandwatch, Talkwalker, Meltwater, YouScan and Sprinklr by its name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.exports import read, rows_of, text_of, workbook_of

BRANDWATCH = [
    "Query Id", "Query Name", "Date", "Title", "Url", "Domain", "Sentiment", "Page Type", "Language", "Country Code",
    "Country", "Account Type", "Author", "Full Name", "Full Text", "Gender", "Hashtags", "Impact", "Impressions",
    "Latitude", "Longitude", "Resource Id", "Thread Entry Type", "Twitter Followers", "Twitter Retweets", "Twitter Likes",
    "Twitter Retweet of", "Facebook Likes", "Reach (new)", "Region", "City", "Notre thème",
]  # fmt: skip
BRANDWATCH_NOW = [
    *(h for h in BRANDWATCH if not h.startswith("Twitter") and h != "Resource Id"),
    "Mention Id", "Snippet", "Unified Source Name", "Likes", "Comments", "Shares", "X Author ID", "X Followers", "X Likes",
    "X Reposts", "X Replies", "X Reply to", "X Repost of", "Author Verified Type", "Redacted Fields",
]  # fmt: skip
TITLES = (
    '"Report:","Bulk Mentions Download"',
    '"Brand:","Pompes à chaleur"',
    '"From:","Sun Mar 01 00:00:00 UTC 2026"',
    '"To:","Tue Mar 31 23:59:59 UTC 2026"',
    '"Label:","Bruit"',
    "",
)
TITLES_APART = ('"Report:"', '"Bulk Mentions Download"', '"Brand:"', '"Pompes à chaleur"', '"Separator"')
MENTION: dict[str, object] = {
    "Query Name": "PAC bruit",
    "Date": "2026-03-13T20:00:00.000Z",
    "Url": "https://twitter.com/anna/status/1899999999999999999",
    "Resource Id": "1899999999999999999",
    "Mention Id": "1899999999999999999",
    "Page Type": "twitter",
    "Unified Source Name": "X",
    "Author": "anna",
    "Full Name": "Anna Martin",
    "Full Text": "La PAC du voisin est bruyante @bob",
    "Sentiment": "negative",
    "Thread Entry Type": "post",
    "Language": "fr",
    "Country Code": "FRA",
    "Gender": "female",
    "Account Type": "individual",
    "Twitter Followers": "120",
    "X Followers": "120",
    "Twitter Likes": "4",
    "X Likes": "4",
    "Reach (new)": "981",
    "Impressions": "120",
    "Latitude": "0",
    "Longitude": "0",
    "Notre thème": "X",
}


@pytest.mark.parametrize("above", [(), TITLES, TITLES_APART], ids=["none", "in a row", "in turns"])
@pytest.mark.parametrize("header", [BRANDWATCH, BRANDWATCH_NOW], ids=["2022", "2026"])
def test_brandwatch_is_read_under_any_preamble_and_age_of_its_names(header: list[str], above: tuple[str, ...]) -> None:
    reading = read("\ufeff" + text_of(header, rows_of(header, MENTION), above=above))
    row = reading.table.iloc[0]
    assert (reading.source, reading.kind, len(reading.table)) == ("brandwatch_export", "posts", 1)
    assert (row["platform"], row["id"], row["country"], row["like_count"]) == ("x", "1899999999999999999", "FR", 4)
    assert (row["created_at"], row["time_quality"]) == (pd.Timestamp("2026-03-13 20:00", tz="UTC"), "ok")
    assert (row["query"], row["gender"], row["author_kind"]) == ("PAC bruit", "female", "person")
    assert (row["sentiment_label"], row["sentiment_source"]) == ("negative", "brandwatch")
    assert not {"anna", "Martin", "@bob"} & set(reading.table.to_csv().replace("/", " ").split())


def test_brandwatch_names_its_period_and_its_query_above_the_names() -> None:
    header = [h for h in BRANDWATCH if h != "Query Name"]
    reading = read(text_of(header, rows_of(header, MENTION), above=TITLES))
    assert reading.window == (
        pd.Timestamp("2026-03-01", tz="UTC"),
        pd.Timestamp("2026-03-31 23:59:59.000001", tz="UTC"),
    )
    assert reading.covered == reading.window
    assert reading.table["query"].tolist() == ["Pompes à chaleur"]


def test_brandwatch_workbooks_are_read_like_its_text_files() -> None:
    lines = [["Report:", "Bulk Mentions Download"], ["Brand:", "PAC"], [], BRANDWATCH, *rows_of(BRANDWATCH, MENTION)]
    reading = read(workbook_of("Sheet0", lines), "mentions.xlsx")
    assert reading.source == "brandwatch_export"
    assert reading.table["id"].tolist() == ["1899999999999999999"]


def test_brandwatch_shares_are_reposts_and_overlapping_exports_meet_once() -> None:
    share = {**MENTION, "Resource Id": "7", "Thread Entry Type": "share", "Url": "https://twitter.com/b/status/7"}
    reading = read(text_of(BRANDWATCH, rows_of(BRANDWATCH, MENTION, share, MENTION)))
    assert reading.table["kind"].tolist() == ["post", "repost"]
    assert reading.rejected[["row", "reason"]].values.tolist() == [[4, "the post of row 2 again; row left out"]]


def test_brandwatch_counters_hold_for_their_own_network_only() -> None:
    web = {**MENTION, "Resource Id": "9", "Page Type": "blog", "Url": "https://blog.example/a", "Twitter Likes": "0"}
    face = {
        **MENTION,
        "Resource Id": "8",
        "Page Type": "facebook",
        "Url": "https://facebook.com/8",
        "Facebook Likes": "0",
    }
    table = read(text_of(BRANDWATCH, rows_of(BRANDWATCH, web, face))).table
    assert table["platform"].tolist() == ["web", "facebook"]
    assert pd.isna(table["like_count"].iloc[0])
    assert table["like_count"].iloc[1] == 0


def test_brandwatch_coordinates_that_are_all_zero_are_no_place_and_custom_categories_are_said() -> None:
    notes = " ".join(read(text_of(BRANDWATCH, rows_of(BRANDWATCH, MENTION))).notes)
    assert "Latitude and Longitude are zero in every row" in notes
    assert "Notre thème" in notes


def test_brandwatch_texts_beyond_the_bound_of_the_csv_module_are_kept_whole() -> None:
    long = {**MENTION, "Full Text": "chaleur " * 20_000}
    assert len(read(text_of(BRANDWATCH, rows_of(BRANDWATCH, long))).table["text"].iloc[0]) > 131_072


def test_brandwatch_snippets_are_marked_as_excerpts_where_the_full_text_is_missing() -> None:
    cut = {**MENTION, "Full Text": "", "Snippet": "… du voisin est bruyante …"}
    table = read(text_of(BRANDWATCH_NOW, rows_of(BRANDWATCH_NOW, cut, {**MENTION, "Mention Id": "2"}))).table
    assert table["text_is_excerpt"].tolist() == [True, False]


def test_reach_of_one_kind_never_fills_another_without_saying_which() -> None:
    told = {**MENTION, "Resource Id": "2", "Reach (new)": ""}
    table = read(text_of(BRANDWATCH, rows_of(BRANDWATCH, MENTION, told))).table
    assert table[["reach", "reach_kind"]].values.tolist() == [[981.0, "estimated"], [120.0, "impressions"]]


TALKWALKER = [
    "url", "title_snippet", "content_snippet", "root_url", "domain_url", "host_url", "parent_url", "lang", "source_type",
    "tags_internal", "published", "sentiment", "matched_profile", "engagement", "reach",
    "article_extended_attributes.twitter_likes", "article_extended_attributes.twitter_retweets",
    "article_extended_attributes.num_comments", "source_extended_attributes.alexa_pageviews",
    "extra_article_attributes.world_data.country_code", "extra_author_attributes.world_data.country_code",
    "extra_author_attributes.name", "extra_author_attributes.gender", "extra_author_attributes.short_name",
    "extra_author_attributes.birthdate.date", "extra_source_attributes.name",
    "extra_source_attributes.world_data.country_code", "project_name",
]  # fmt: skip
TALK: dict[str, object] = {
    "url": "https://twitter.com/anna/status/12",
    "content_snippet": "La <b>pompe</b> fait du bruit &amp; vibre",
    "lang": "fr",
    "source_type": "SOCIALMEDIA,SOCIALMEDIA_TWITTER",
    "published": "1773432000000",
    "sentiment": "-3",
    "engagement": "5",
    "reach": "800",
    "article_extended_attributes.twitter_likes": "0",
    "extra_author_attributes.world_data.country_code": "fr",
    "extra_author_attributes.gender": "UNKNOWN",
    "extra_author_attributes.short_name": "anna",
    "project_name": "PAC",
}


def test_talkwalker_epochs_lists_markup_and_lower_case_countries_are_understood() -> None:
    reading = read(text_of(TALKWALKER, rows_of(TALKWALKER, TALK)))
    row = reading.table.iloc[0]
    assert (reading.source, row["platform"], row["created_at"]) == (
        "talkwalker_export",
        "x",
        pd.Timestamp("2026-03-13 20:00", tz="UTC"),
    )
    assert (row["text"], row["text_is_excerpt"]) == ("La pompe fait du bruit & vibre", True)
    assert (row["country"], row["country_source"], row["like_count"]) == ("FR", "author", 0)
    assert pd.isna(row["gender"])
    assert (row["sentiment"], row["sentiment_label"], row["sentiment_source"]) == (-0.6, "negative", "talkwalker")


def test_talkwalker_authors_are_found_under_any_of_their_three_names() -> None:
    alone = {**TALK, "url": "https://twitter.com/x/status/13"}
    site = {
        "url": "https://lemonde.fr/a",
        "source_type": "ONLINENEWS",
        "published": "1773432000000",
        "content_snippet": "a",
        "extra_source_attributes.name": "lemonde.fr",
        "extra_source_attributes.world_data.country_code": "fr",
    }
    table = read(text_of(TALKWALKER, rows_of(TALKWALKER, TALK, alone, site))).table
    assert table["author_key"].notna().all()
    assert table["author_key"].iloc[0] == table["author_key"].iloc[1] != table["author_key"].iloc[2]
    assert (table["kind"].iloc[2], table["platform"].iloc[2], table["country_source"].iloc[2]) == (
        "article",
        "web",
        "site",
    )


def test_talkwalker_comments_are_told_by_their_internal_tag() -> None:
    comment = {**TALK, "tags_internal": "isComment,lang:fr", "parent_url": "https://twitter.com/b/status/11"}
    row = read(text_of(TALKWALKER, rows_of(TALKWALKER, comment))).table.iloc[0]
    assert (row["kind"], row["in_reply_to"]) == ("comment", "11")


def test_talkwalker_answers_as_json_are_the_same_posts() -> None:
    item = {
        "url": TALK["url"],
        "content_snippet": "a",
        "published": 1773432000000,
        "source_type": ["SOCIALMEDIA", "SOCIALMEDIA_TWITTER"],
        "extra_author_attributes": {"short_name": "anna", "world_data": {"country_code": "fr"}},
        "article_extended_attributes": {"twitter_likes": 3},
        "root_url": "https://twitter.com",
        "host_url": "https://twitter.com",
        "engagement": 3,
    }
    reading = read(json.dumps({"result_content": {"data": [{"data": item}]}}), "talk.json")
    row = reading.table.iloc[0]
    assert (reading.source, row["platform"], row["like_count"], row["country"]) == ("talkwalker_export", "x", 3, "FR")


MELTWATER = [
    "Date", "Headline", "URL", "Opening Text", "Hit Sentence", "Source", "Influencer", "Country", "Subregion", "Language",
    "Reach", "Desktop Reach", "Mobile Reach", "Twitter Social Echo", "AVE", "Sentiment", "Key Phrases", "Input Name",
    "Keywords", "Tweet Id", "Twitter Id", "State", "Engagement", "User Profile Url", "Views", "Alternate Date Format", "Time",
]  # fmt: skip
MELT: dict[str, object] = {
    "Date": "03/04/2021",
    "Alternate Date Format": "03-Apr-21",
    "Time": "05:31 PM",
    "Hit Sentence": "la pompe",
    "URL": "https://twitter.com/anna/statuses/1378378378378378378",
    "Tweet Id": "1378378378378378378",
    "Source": "Twitter",
    "Influencer": "@anna",
    "Country": "France",
    "Subregion": "Undef",
    "Language": "French",
    "Sentiment": "Negative",
    "Input Name": "PAC",
    "Reach": "",
}


def test_meltwater_takes_the_date_that_names_its_month_and_the_clock_beside_it() -> None:
    reading = read(text_of(MELTWATER, rows_of(MELTWATER, MELT)))
    row = reading.table.iloc[0]
    assert (reading.source, row["created_at"]) == ("meltwater_export", pd.Timestamp("2021-04-03 17:31", tz="UTC"))
    assert (row["country"], row["lang"], row["query"]) == ("FR", "fr", "PAC")
    assert pd.isna(row["region"])
    assert pd.isna(row["reach"])
    assert pd.isna(row["reach_kind"])


def test_meltwater_exports_in_utf_16_with_tabs_are_read() -> None:
    content = text_of(MELTWATER, rows_of(MELTWATER, MELT), delimiter="\t").encode("utf-16")
    reading = read(content)
    assert (reading.source, reading.table["id"].tolist()) == ("meltwater_export", ["1378378378378378378"])


FEED = [
    "document_id", "document_url", "document_type", "published_at", "fetching_time", "source_name", "author_name",
    "hit_sentence", "opening_text", "sentiment", "reach", "tw_likes", "tw_retweets", "country", "language", "input_name",
]  # fmt: skip


def feed(**fields: object) -> dict[str, object]:
    return {
        "published_at": "2024-05-01T10:00:00Z",
        "hit_sentence": "bruit",
        "input_name": "PAC",
        "country": "FR",
        **fields,
    }


def test_meltwater_codes_p_n_v_mean_positive_neutral_negative() -> None:
    rows = [
        feed(document_id=str(i), document_url=f"https://blog{i}.example/a", source_name=f"Blog {i}", sentiment=s)
        for i, s in enumerate(["P", "N", "V", "", "N"])
    ]
    table = read(text_of(FEED, rows_of(FEED, *rows))).table
    assert table["sentiment_label"].fillna("").tolist() == ["positive", "neutral", "negative", "", "neutral"]
    assert table["sentiment"].isna().all()


def test_codes_without_a_v_are_not_guessed() -> None:
    rows = [feed(document_id=str(i), sentiment=s) for i, s in enumerate(["P", "N", "N"])]
    reading = read(text_of(FEED, rows_of(FEED, *rows)))
    assert reading.table["sentiment_label"].isna().all()
    assert any("whether N is neutral or negative" in note for note in reading.notes)


def test_meltwater_zeros_of_another_network_are_not_applicable_and_missing_reach_is_null() -> None:
    rows = [
        feed(
            document_id="1", document_url="https://lemonde.fr/a", source_name="Le Monde", tw_likes="0", reach="900000"
        ),
        feed(
            document_id="2",
            document_url="https://twitter.com/a/status/2",
            source_name="Twitter",
            tw_likes="0",
            reach="",
        ),
    ]
    table = read(text_of(FEED, rows_of(FEED, *rows))).table
    assert table["platform"].tolist() == ["web", "x"]
    assert pd.isna(table["like_count"].iloc[0])
    assert table["like_count"].iloc[1] == 0
    assert pd.isna(table["reach"].iloc[1])
    assert table["kind"].tolist() == ["article", "post"]


def test_meltwater_reach_of_a_facebook_comment_is_not_applicable() -> None:
    row = feed(
        document_id="1",
        document_url="https://facebook.com/1",
        source_name="Facebook",
        document_type="comment",
        reach="0",
    )
    table = read(text_of(FEED, rows_of(FEED, row))).table
    assert pd.isna(table["reach"].iloc[0])
    assert table["flags"].tolist() == ["not_applicable:reach"]


YOUSCAN_ES = [
    "Fecha", "Hora", "Título", "Texto", "URL", "Sentimiento", "Autor", "Apodo", "Perfil", "Fuente", "Lugar de publicación",
    "Tipo de recurso", "Idioma", "País", "Tipo de publicación", "Datos demográficos", "Edad", "Etiquetas", "Etiquetas",
    "Engagement", "Me gusta", "Amor", "Enojado", "Comentarios", "Republicaciones", "Visualizaciones", "Alcance potencial",
    "Suscriptores",
]  # fmt: skip
YOUSCAN_FR = [
    "Date", "Heure", "Titre", "Texte", "Lien", "Sentiment", "Auteur", "Surnom", "Profil", "Source", "Lieu de publication",
    "Type de ressource", "Langue", "Pays", "Type de publication", "Données démographiques", "Âge", "Étiquettes", "Étiquettes",
    "Engagement", "J'aime", "Love", "Angry", "Commentaires", "Partages", "Vues", "Portée potentielle", "Abonnés",
]  # fmt: skip
YOUSCAN_RU = [
    "Дата", "Время", "Заголовок", "Текст", "Ссылка", "Тональность", "Автор", "Никнейм", "Профиль", "Источник",
    "Место публикации", "Тип ресурса", "Язык", "Страна", "Тип публикации", "Демография", "Возраст", "Теги", "Теги",
    "Вовлеченность", "Лайки", "Love", "Angry", "Комментарии", "Репосты", "Просмотры", "Потенциальный охват", "Подписчики",
]  # fmt: skip
YOUSCAN_EN = [
    "Date", "Time", "Title", "Text", "Link", "Sentiment", "Author", "Nickname", "Profile", "Source", "Publication place",
    "Resource type", "Language", "Country", "Publication type", "Demographics", "Age", "Tags", "Tags", "Engagement", "Likes",
    "Love", "Angry", "Comments", "Reposts", "Views", "Potential reach", "Subscribers",
]  # fmt: skip
YOUSCAN_ROW = [
    "13.03.2026", "21:00", "", "la bomba de calor", "https://www.facebook.com/p/1", "{negative}", "Anna Martin", "anna.m",
    "https://www.facebook.com/anna.m", "facebook.com", "Grupo", "social", "es", "{country}", "{post}", "{female}", "33",
    "ruido", "queja", "12", "7", "3", "2", "4", "1", "", "5000", "120",
]  # fmt: skip
WORDS = {
    "es": ("Negativo", "España", "Publicación", "Femenino"),
    "fr": ("Négatif", "Espagne", "Publication", "Femme"),
    "ru": ("Негативная", "Испания", "Пост", "Женский"),
    "en": ("Negative", "Spain", "Post", "Female"),
}


@pytest.mark.parametrize(
    ("lang", "header", "sheet"),
    [
        ("es", YOUSCAN_ES, "Menciones"),
        ("fr", YOUSCAN_FR, "Mentions"),
        ("ru", YOUSCAN_RU, "Упоминания"),
        ("en", YOUSCAN_EN, "Mentions"),
    ],
)
def test_youscan_workbooks_are_read_in_every_language(lang: str, header: list[str], sheet: str) -> None:
    negative, country, post, female = WORDS[lang]
    row = [c.format(negative=negative, country=country, post=post, female=female) for c in YOUSCAN_ROW]
    reading = read(workbook_of(sheet, [header, row]), "export.xlsx")
    got = reading.table.iloc[0]
    assert reading.source == "youscan_export"
    assert (got["created_at"], got["time_quality"]) == (pd.Timestamp("2026-03-13 21:00", tz="UTC"), "zone_assumed")
    assert (got["platform"], got["country"], got["gender"], got["age_band"]) == ("facebook", "ES", "female", "25-34")
    assert (got["sentiment_label"], got["like_count"], got["reply_count"], got["repost_count"]) == ("negative", 7, 4, 1)
    assert (got["reach"], got["reach_kind"], got["engagement"], got["author_followers"]) == (5000, "potential", 12, 120)
    assert pd.isna(got["view_count"])
    assert json.loads(got["reactions"]) == {"love": 3, "angry": 2}
    assert json.loads(got["tags"]) == ["ruido", "queja"]
    assert not {"Anna", "Martin", "anna.m"} & set(reading.table.to_csv().replace("/", " ").replace(",", " ").split())


def test_youscan_dates_take_the_zone_the_user_names() -> None:
    row = [c.format(negative="Negativo", country="España", post="Post", female="") for c in YOUSCAN_ROW]
    reading = read(workbook_of("Menciones", [YOUSCAN_ES, row]), "export.xlsx", timezone="Europe/Madrid")
    assert reading.table["created_at"].iloc[0] == pd.Timestamp("2026-03-13 20:00", tz="UTC")
    assert reading.table["time_quality"].iloc[0] == "ok"


SPRINKLR = [
    "From User", "Conversation Stream", "Permalink", "Created Time", "snTypeColumn", "Sender Screen Name",
    "Sender Follower Count", "Sender Bio", "Sentiment", "Country", "Reach (SUM)", "Earned Engagements (Recalibrated) (SUM)",
    "Mentions (SUM)", "Created Time",
]  # fmt: skip
SPRINKLR_ROW = [
    "Anna Martin", "la pompe fait du bruit", "https://twitter.com/anna/status/5", "2026-03-13 20:00:00", "TWITTER", "anna",
    120, "I am Anna", "NEGATIVE", "France", 1500, 9, 1, "2026-03-13 20:00:00",
]  # fmt: skip


def test_sprinklr_measures_repeated_names_and_the_row_of_totals_are_understood() -> None:
    total = ["Total", "", "", "", "", "", "", "", "", "", 1500, 9, 1, ""]
    lines = [["Report", "PAC"], [], SPRINKLR, SPRINKLR_ROW, total]
    reading = read(workbook_of("Sheet1", lines), "sprinklr.xlsx")
    row = reading.table.iloc[0]
    assert (reading.source, len(reading.table)) == ("sprinklr_export", 1)
    assert (row["platform"], row["reach"], row["reach_kind"]) == ("x", 1500, "potential")
    assert (row["engagement"], row["engagement_kind"], row["author_followers"]) == (9, "earned", 120)
    assert (row["sentiment_label"], row["country"]) == ("negative", "FR")
    assert reading.rejected[["row", "reason"]].values.tolist() == [[5, "a row of totals, not a post; row left out"]]
    assert "I am Anna" not in reading.table.to_csv()


def test_names_numbered_by_pandas_are_still_sprinklr() -> None:
    header = [*SPRINKLR[:-1], "Created Time.1"]
    assert read(text_of(header, [SPRINKLR_ROW])).source == "sprinklr_export"


def test_a_rate_of_engagement_is_no_engagement_and_two_columns_of_time_are_one_instant() -> None:
    header = ["mention_snippet", "date", "time", "reach", "engagement_rate", "author", "mention_url"]
    reading = read(text_of(header, [["la pompe", "2026-03-13", "20:00", "800", "0.04", "anna", "https://a.example/1"]]))
    row = reading.table.iloc[0]
    assert row["created_at"] == pd.Timestamp("2026-03-13 20:00", tz="UTC")
    assert (row["reach"], row["text"]) == (800, "la pompe")
    assert pd.isna(row["engagement"])


def test_a_french_table_of_an_unknown_tool_is_read_by_its_names() -> None:
    header = ["Date de publication", "Heure", "Auteur", "Contenu", "Lien", "Tonalité", "Portée", "J'aime"]
    rows = [["13/03/2026", "20:05", "anna", "Ça vibre", "https://x.com/anna/status/5", "Négatif", "1 204,5", "3"]]
    for encoding in ("cp1252", "utf-16"):
        row = read(text_of(header, rows, delimiter=";").encode(encoding)).table.iloc[0]
        assert (row["text"], row["sentiment_label"], row["reach"], row["like_count"]) == (
            "Ça vibre",
            "negative",
            1204.5,
            3,
        )
        assert row["reach_kind"] == "unspecified"


def test_every_saved_set_of_column_names_is_recognised(shared: Callable[..., Path]) -> None:
    sets = json.loads(shared("fixtures", "social", "headers", "export_headers.json").read_text(encoding="utf-8"))
    sets["brandwatch_2026"] = [*sets["brandwatch_2022"], *sets.pop("brandwatch_2026_added")]
    words = {
        "Date": "2024-05-01 10:00", "Fecha": "13.03.2024", "Hora": "10:00", "published": "1714557600000",
        "Created Time": "2024-05-01 10:00:00", "creation_time": "2024-05-01T10:00:00+0000",
        "url": "https://a.example/1", "Url": "https://a.example/1", "URL": "https://a.example/1",
    }  # fmt: skip
    found = {}
    for name, header in sets.items():
        reading = read(text_of(header, [[words.get(h, "") for h in header]]))
        found[name] = (reading.source, len(reading.table))
    assert found == {
        "brandwatch_2022": ("brandwatch_export", 1),
        "brandwatch_2026": ("brandwatch_export", 1),
        "meltwater": ("meltwater_export", 1),
        "youscan_es": ("youscan_export", 1),
        "talkwalker": ("talkwalker_export", 1),
        "sprinklr_listening": ("sprinklr_export", 1),
        "meta_content_library_default": ("meta_content_library_export", 1),
    }
