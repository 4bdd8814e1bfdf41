"""Exports of listening tools: Brandwatch, Talkwalker, Meltwater, YouScan, Sprinklr.

What their columns mean and where they mislead: docs/formats.md. Names are compared without case, accents and punctuation.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sources.exports.headers import Table
from sources.exports.rawtable import TEXT
from sources.exports.sentiments import Notation
from sources.exports.tools import Tool, named_columns

BRANDWATCH = Tool(
    source="brandwatch_export",
    title="Brandwatch",
    signs="""
        query id, query name, resource id, mention id, page type, page type name, content source name, unified source name,
        thread entry type, thread author, thread created date, reach new, full text, account type, x author id, twitter author
        id, category details, media filter, starred, total monthly visitors, daily visitors, continent code, city code, pub
        type, publisher sub type, item review, redacted fields, twitter retweet of, twitter reply to, x repost of, x reply to,
        x likes, x reposts, x replies, x followers, x verified, twitter likes, twitter retweets, twitter followers, twitter
        verified, threads reposts, bluesky quotes, author verified type, facebook subtype, facebook role, instagram posts,
        reddit score upvote ratio, parent blog name, root blog name, is syndicated, air type, broadcast media url
        """,
    titles=("Bulk Mentions Download",),
    utc=True,
    lang_source="detected",
    columns={
        "id": "resource id, mention id",
        "url": "url, original url",
        "thread": "thread id",
        "date": "date",
        "text": "full text, snippet = excerpt",
        "title": "title",
        "author": "author, x author id, twitter author id, facebook author id",
        "followers@x": "x followers, twitter followers",
        "followers@instagram": "instagram followers",
        "likes": "likes",
        "likes@x": "x likes, twitter likes",
        "likes@facebook": "facebook likes",
        "likes@instagram": "instagram likes",
        "likes@linkedin": "linkedin likes",
        "likes@reddit": "reddit score",
        "likes@threads": "threads likes",
        "likes@bluesky": "bluesky likes",
        "reposts": "shares",
        "reposts@x": "x reposts, twitter retweets",
        "reposts@facebook": "facebook shares",
        "reposts@linkedin": "linkedin shares",
        "reposts@threads": "threads reposts",
        "reposts@bluesky": "bluesky reposts",
        "replies": "comments",
        "replies@x": "x replies, twitter reply count",
        "replies@facebook": "facebook comments",
        "replies@instagram": "instagram comments",
        "replies@linkedin": "linkedin comments",
        "replies@reddit": "reddit comments",
        "replies@threads": "threads replies",
        "replies@bluesky": "bluesky replies",
        "quotes@bluesky": "bluesky quotes",
        "quotes@threads": "threads quotes",
        "views@linkedin": "linkedin video views",
        "views@tiktok": "tiktok views",
        "views@youtube": "youtube views",
        "reach": "reach new = estimated, reach = estimated, impressions = impressions",
        "engagement@linkedin": "linkedin engagement = interactions",
        "engagement@instagram": "instagram interactions count = interactions",
        "sentiment": "sentiment",
        "lang": "language",
        "country": "country code = author, country = author",
        "region": "region",
        "platform": "unified source name, content source name, page type name, page type, content source",
        "kind": "thread entry type, engagement type, page type",
        "in_reply_to": "x reply to, twitter reply to, parent post id",
        "repost_of": "x repost of, twitter retweet of",
        "author_kind": "account type",
        "author_verified": "x verified, twitter verified",
        "demography_gender": "gender",
        "tags": "hashtags",
        "links": "expanded urls",
        "community": "subreddit",
        "query": "query name",
    },
    ignored="thread url, display urls, short urls, media urls, added, updated, last assignment date, thread created date",
)


def _talkwalker(table: Table) -> dict[str | int, pd.Series]:
    """Tell comments by an internal tag and articles by the type of their source: no column names the kind of a post."""
    there = named_columns(table)
    n = len(table.rows)
    empty = pd.Series([""] * n, dtype=TEXT)
    tags, source = (table.cells[there[c][0]] if c in there else empty for c in ("tags internal", "source type"))
    comment = tags.str.contains("isComment", case=False, regex=False)
    article = source.str.contains("ONLINENEWS|BLOG|PRESSRELEASE|NEWSPAPER|MAGAZINE", case=False, regex=True)
    video = source.str.contains("YOUTUBE", case=False, regex=False)
    kind = np.select([comment, article, video], ["comment", "article", "video"], "post")
    out: dict[str | int, pd.Series] = {"kind": pd.Series(kind, dtype=TEXT)}
    if "parent url" in there:
        # The parent of anything else is the page that the post stands on.
        out["in reply to"] = table.cells[there["parent url"][0]].where(comment, "")
    return out


def _world(part: str) -> str:
    """Return the country columns of Talkwalker: where the post was made, else where its author is, else its site."""
    places = (("article", "post"), ("author", "author"), ("creator", "author"), ("source", "site"))
    return ", ".join(f"extra {of} attributes world data {part} = {label}" for of, label in places)


TALKWALKER = Tool(
    source="talkwalker_export",
    title="Talkwalker",
    signs="""
        title snippet, content snippet, root url, domain url, host url, source type, post type, tags internal, search indexed,
        nsfw level, porn level, matched profile, entity urls, cluster id, word count, images url, videos url, generator type,
        article extended attributes*, source extended attributes*, extra article attributes*, extra author attributes*,
        extra creator attributes*, extra source attributes*
        """,
    lang_source="detected",
    notation=Notation("score", 0.0, 5.0),
    derive=_talkwalker,
    columns={
        "url": "url",
        "date": "published, published ts",
        "text": "content, content snippet = excerpt",
        "title": "title, title snippet",
        "author": """
            extra author attributes short name, extra creator attributes short name, extra author attributes name, extra
            creator attributes name, extra author attributes id, extra creator attributes id, extra source attributes name
            """,
        "followers@x": "source extended attributes twitter followers",
        "followers@facebook": "source extended attributes facebook followers",
        "followers@instagram": "source extended attributes instagram followers",
        "likes@x": "article extended attributes twitter likes",
        "likes@facebook": """
            article extended attributes facebook likes, article extended attributes facebook reactions total
            """,
        "likes@instagram": "article extended attributes instagram likes",
        "likes@youtube": "article extended attributes youtube likes",
        "likes@pinterest": "article extended attributes pinterest likes",
        "likes@linkedin": "article extended attributes linkedin likes",
        "likes@tiktok": "article extended attributes tiktok likes",
        "reposts@x": "article extended attributes twitter retweets, article extended attributes twitter shares",
        "reposts@facebook": "article extended attributes facebook shares",
        "reposts@linkedin": "article extended attributes linkedin shares",
        "reposts@tiktok": "article extended attributes tiktok shares",
        "replies": "article extended attributes num comments",
        "views@youtube": "article extended attributes youtube views",
        "views@tiktok": "article extended attributes tiktok views",
        "views": "article extended attributes url views",
        "reach": "reach = potential",
        "engagement": "engagement = interactions",
        "sentiment": "sentiment",
        "lang": "lang",
        "country": f"{_world('country code')}, {_world('country')}",
        "region": _world("region"),
        "platform": "source type",
        "kind": "derived kind",
        "in_reply_to": "derived in reply to",
        "author_kind": "extra author attributes type, extra creator attributes type",
        "demography_gender": "extra author attributes gender, extra creator attributes gender",
        "links": "entity urls",
        "query": "topic, topic name, matched profile, project name",
    },
    ignored="root url, domain url, host url, parent url, indexed, search indexed, extra*, images*, videos*",
)


def _meltwater(table: Table) -> dict[str | int, pd.Series]:
    """Prefer the date that names its month to one in figures: 03/04/21 can be read in two ways, 03-Apr-21 cannot."""
    there = named_columns(table)
    if not {"date", "alternate date format"} <= set(there):
        return {}
    date, other = (table.cells[there[n][0]] for n in ("date", "alternate date format"))
    in_figures = date.str.fullmatch(r"\s*\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}.*")
    return {"date": date.where(~(in_figures | (date == "")) | (other == ""), other)}


MELTWATER = Tool(
    source="meltwater_export",
    title="Meltwater",
    signs="""
        hit sentence, opening text, input name, influencer, subregion, desktop reach, mobile reach, twitter social echo,
        x social echo, facebook social echo, reddit social echo, national viewership, ave, key phrases, document tags, user
        profile url, earned traffic, alternate date format, summarization disabled, custom categories, estimated views, document
        id, fetching time, tw likes, tw retweets, tw shares, tw replies, tw followers
        """,
    lang_source="detected",
    derive=_meltwater,
    strict_platform=True,
    web_kind="article",
    no_measure={
        "reach": lambda posts, _: (posts["kind"] == "comment") & (posts["platform"] == "facebook"),
    },
    columns={
        "id": "tweet id, document id",
        "url": "url, document url, permalink",
        "date": "derived date, date, published at, published date, alternate date format",
        "time": "time",
        "text": "full text, content, body, hit sentence = excerpt, opening text = excerpt",
        "title": "headline, title",
        "author": "influencer, author handle, author name, author, user profile url",
        "author@web": "influencer, author name, author, source, source name",
        "followers": "followers, author followers",
        "followers@x": "tw followers, twitter followers",
        "likes": "likes",
        "likes@x": "tw likes, twitter likes, x likes",
        "likes@facebook": "fb likes, facebook likes",
        "likes@instagram": "ig likes, instagram likes",
        "likes@youtube": "yt likes, youtube likes",
        "reposts": "shares, reposts",
        "reposts@x": "tw retweets, tw shares, retweets, x reposts",
        "reposts@facebook": "fb shares, facebook shares",
        "replies": "comments, replies",
        "replies@x": "tw replies, x replies",
        "replies@facebook": "fb comments, facebook comments",
        "replies@instagram": "ig comments, instagram comments",
        "replies@youtube": "yt comments, youtube comments",
        "views": "views",
        "reach": "reach = potential",
        "engagement": "engagement = interactions",
        "sentiment": "sentiment",
        "lang": "language, lang",
        "country": "country code = site, country = site",
        "region": "state, region, subregion",
        "platform": "platform, source type, source, source name, media type, provider",
        "kind": "document type, post type, content type, type",
        "tags": "hashtags",
        "query": "input name, search name",
    },
    ignored="twitter id, source, keywords, key phrases, fetching time, indexed*, user profile url",
)

YOUSCAN = Tool(
    source="youscan_export",
    title="YouScan",
    signs="""
        lugar de publicacion, perfil del lugar de publicacion, tipo de recurso, formato especifico de la fuente, apodo, tipo de
        publicacion, tipos de contenido, datos demograficos, alcance potencial, suscriptores del lugar de publicacion,
        calificacion del lugar de publicacion, numero de guardados, alcance publicaciones propias, impresiones publicaciones
        propias,
        publication place, publication place profile, resource type, source specific format, nickname, publication type, content
        types, demographics, potential reach, publication place subscribers, text snippet, reach own posts, impressions own
        posts,
        lieu de publication, profil du lieu de publication, type de ressource, format specifique a la source, surnom, type de
        publication, types de contenu, donnees demographiques, portee potentielle, abonnes du lieu de publication,
        место публикации, профиль места публикации, тип ресурса, никнейм, тип публикации, тип контента, потенциальный охват,
        демография, подписчики места публикации, вовлеченность,
        місце публікації, тип ресурсу, нікнейм, тип публікації, потенційне охоплення
        """,
    lang_source="detected",
    columns={
        "url": "url, link, enlace, lien, ссылка, посилання",
        "date": "fecha, date, дата",
        "time": "hora, time, heure, время, час",
        "text": "texto, text, texte, текст, text snippet = excerpt, fragmento de texto = excerpt",
        "title": "titulo, title, titre, заголовок",
        "author": "apodo, nickname, surnom, никнейм, нікнейм, perfil, profile, profil, профиль, autor, author, auteur, автор",
        "followers": "suscriptores, subscribers, followers, abonnes, подписчики, підписники",
        "likes": "me gusta, likes, j aime, лайки, нравится, вподобання",
        "reposts": "republicaciones, reposts, shares, partages, репосты, репости",
        "replies": "comentarios, comments, commentaires, комментарии, коментарі",
        "views": "visualizaciones, views, vues, просмотры, перегляди",
        "bookmarks": "numero de guardados, saves count, number of saves, saves",
        "reach": """
            alcance potencial = potential, potential reach = potential, portee potentielle = potential, потенциальный охват =
            potential, потенційне охоплення = potential, alcance publicaciones propias = own, reach own posts = own
            """,
        "engagement": """
            engagement = interactions, вовлеченность = interactions, вовлечённость = interactions, залученість = interactions
            """,
        "sentiment": "sentimiento, sentiment, тональность, тональність",
        "lang": "idioma, language, langue, язык, мова",
        "country": "pais = author, country = author, pays = author, страна = author, країна = author",
        "region": "region, регион, регіон",
        "platform": "fuente, source, источник, джерело",
        "kind": "tipo de publicacion, publication type, post type, type de publication, тип публикации, тип публікації",
        "demography_gender": "datos demograficos, demographics, donnees demographiques, демография, пол, gender",
        "demography_age": "edad, age, возраст, вік",
        "tags": "etiquetas, tags, etiquettes, теги",
    },
    reactions={
        "love": "amor, love, любовь",
        "haha": "ja ja, haha, хаха",
        "wow": "wow, вау",
        "sad": "triste, sad, грусть",
        "angry": "enojado, angry, злость",
        "care": "preocupado, care, забота",
        "dislike": "no me gusta, dislikes, dislike, не нравится",
    },
)

SPRINKLR = Tool(
    source="sprinklr_export",
    title="Sprinklr",
    signs="""
        conversation stream, sn type column, sntype column, sntypecolumn, from user, sender screen name, sender follower count,
        sender bio, sender profile image url, author screen name, reach sum, mentions sum, earned engagements recalibrated sum,
        earned engagements sum, campaign id
        """,
    needed=2,
    columns={
        "url": "permalink, post url, message url",
        "date": "created time, created date",
        "text": "conversation stream, message",
        "author": "sender screen name, author screen name, from user, user name",
        "followers": "sender follower count, sender followers",
        "reach": "reach sum = potential, reach = potential",
        "engagement": """
            earned engagements recalibrated sum = earned, earned engagements sum = earned, earned engagements = earned
            """,
        "likes": "likes sum, likes",
        "reposts": "shares sum, shares",
        "replies": "comments sum, comments",
        "sentiment": "sentiment",
        "lang": "language",
        "country": "country = author",
        "platform": "sn type column, sntype column, sntypecolumn, source, media source",
        "kind": "message type",
        "query": "topic, topic name",
    },
    ignored="profile url, media url, sender*, campaign id",
)

LISTENING = (BRANDWATCH, TALKWALKER, MELTWATER, YOUSCAN, SPRINKLR)
