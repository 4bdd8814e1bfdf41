"""Column names that tools and people use, in five languages, and the field of ours that each one means.

Within a field the names are in order of preference: an export that has `created_at` and `date` is read by `created_at`.
"""

from __future__ import annotations

from functools import lru_cache

from sources.exports.words import plain

#: Prefixes after which a name speaks of the author and not of the post: `user_followers`, `author.id`.
AUTHOR_WORDS = frozenset(
    ["user", "author", "account", "auteur", "autor", "sender", "creator", "owner", "utilisateur", "usuario"]
)
#: Wrappers that add nothing to the name inside: `record.createdAt`, `public_metrics.like_count`.
_WRAPPERS = frozenset(
    [
        "record",
        "public metrics",
        "statistics",
        "stats",
        "metrics",
        "article extended attributes",
        "post",
        "attributes",
        "engagement",
    ]
)

#: Field -> names, best first; compared without accents, case and punctuation.
POST_FIELDS: dict[str, str] = {
    "id": """
        uri, id, id str, tweet id, tweet id str, post id, status id, status id str, message id, resource id, mention
        id, comment id, video id, objectid, object id, document id, id tweet, id post, id publication, identifiant, id
        message, unique id
        """,
    "url": """
        url, permalink, post url, tweet url, mention url, link, lien, enlace, enlace permanente, adresse, address, article url,
        page url, web address, href, adresse url, adresse de la page, original url
        """,
    "date": """
        created at, timestamp utc, published at, published, publication date, date published, publish date, post
        created, created time, creation time, date created, created utc, datetime, date time, date utc, tweet created,
        post date, published date, pub date, date, timestamp, unix timestamp, created, date de publication, date
        publication, publie le, date de creation, date heure, horodatage, fecha, fecha de publicacion, fecha de
        creacion, fecha y hora, datum, erstellt, erstellt am, veroffentlicht, veroffentlicht am,
        veroffentlichungsdatum, erscheinungsdatum, zeitstempel, data, data di pubblicazione, data de publicacao, local
        time, indexed at, day, jour, tag der veroffentlichung, time
        """,
    "time": "time, heure, heure utc, heure utc0, heure utc 0, hora, uhrzeit, zeit, ora, hour, time utc, uhrzeit utc",
    "text": """
        full text, text, tweet, tweet text, message, content, body, post text, selftext, texte, texte integral, texte
        complet, contenu, corps, texto, texto completo, contenido, mensaje, inhalt, nachricht, volltext, beitrag,
        testo, conteudo, hit sentence, conversation stream, caption, legende, description, comment, comment text,
        commentaire, verbatim, avis, review, kommentar, comentario, mention, post, snippet, mention snippet, opening
        text, story text, original text, extrait
        """,
    "title": """
        title, titre, titulo, titel, titolo, headline, heading, title snippet, question, intitule, objet, subject,
        uberschrift
        """,
    "author": """
        screen name, user screen name, user name, username, handle, user handle, author handle, author username,
        author, user, auteur, autor, autore, usuario, utilisateur, nom d utilisateur, nom utilisateur, benutzer,
        benutzername, nutzer, verfasser, nombre de usuario, pseudo, compte, cuenta, konto, from user, sender screen
        name, author screen name, author name, influencer, nickname, apodo, acct, page name, channel title, channel,
        user did, author did, author id, user id, user id str, id auteur, id compte, id utilisateur, nom, full name,
        display name
        """,
    "followers": """
        followers, followers count, follower count, author followers, user followers, nb followers, abonnes, nombre d
        abonnes, nb abonnes, seguidores, suscriptores, subscribers, follower, anzahl follower, abonnenten, sender
        follower count, x followers, twitter followers, followers at posting, likes at posting
        """,
    "likes": """
        likes, like count, likes count, favorite count, favourite count, favorites, favourites, favorites count,
        favourites count, num likes, nb likes, nombre de likes, j aime, mentions j aime, favoris, me gusta, gefallt
        mir, curtidas, mi piace, x likes, twitter likes, facebook likes, upvotes, score, points, num points, reaction
        count
        """,
    "reposts": """
        reposts, repost count, retweets, retweet count, shares, share count, shares count, reblogs count, num
        retweets, nb retweets, partages, partage, nb partages, nombre de partages, compartidos, republicaciones,
        geteilt, compartilhamentos, x reposts, twitter retweets, facebook shares, boosts
        """,
    "replies": """
        replies, reply count, replies count, comments, comment count, comments count, num comments, num replies, nb
        commentaires, nombre de commentaires, commentaires, reponses, comentarios, respuestas, kommentare, antworten,
        x replies, twitter reply count, facebook comments, answers, answer count
        """,
    "views": """
        views, view count, views count, vues, nombre de vues, nb vues, visualizaciones, visualisations, aufrufe,
        impressions, impression count, plays, play count, video views, post views
        """,
    "reach": """
        reach new, reach, portee, portee potentielle, potential reach, alcance, alcance potencial, reichweite, reach
        sum, estimated reach, audience
        """,
    "sentiment": """
        sentiment, sentiment label, tonalite, tonalite du message, sentimiento, sentimento, stimmung, tonalitat,
        tonality, tone, polarity, polarite
        """,
    "lang": "lang, language, langue, idioma, sprache, lingua, langs, language code, langue du message",
    "country": """
        country code, place country code, country, pays, pais, land, paese, code pays, extra article attributes world
        data country code
        """,
    "platform": """
        platform, plateforme, plataforma, plattform, network, social network, reseau, reseau social, red social,
        netzwerk, content source name, content source, source type, page type, site
        """,
    "kind": """
        kind, post type, thread entry type, entry type, tweet type, type de publication, tipo de publicacion,
        beitragstyp, engagement type, message type, reason type, reason, type
        """,
    "is_repost": "is retweet, is repost, is rt, is share, est un retweet, is a retweet",
    "is_reply": "is reply, is reply to, est une reponse",
    "is_quote": "is quote, is quote status",
    "in_reply_to": """
        in reply to, in reply to id, in reply to status id, in reply to status id str, in reply to status status id,
        in reply to tweet id, to tweetid, to tweet id, to post uri, reply to id, parent id, parent tweet id, parent
        post id, reply parent uri, record reply parent uri
        """,
    "repost_of": "repost of, retweeted id, retweet id, retweet status id, retweeted status id, reblog id, repost uri",
    "quote_of": "quote of, quoted id, quote id, quoted status id, quote status id, quoted uri",
    "thread": "thread id, conversation id, conversationid, discussion id, root post id, to root post uri",
    "quotes": "quote count, quotes count, quotes, nb citations",
    "bookmarks": "bookmark count, bookmarks count, bookmarks, saves, collect count, numero de guardados",
    "engagement": "engagement, engagements, interactions, total interactions, total engagement, interacciones",
    "tags": "hashtags, tags, hashtag, mots cles, etiquetas",
    "links": "links, urls, expanded urls, outlinks, liens",
    "domains": "domains, link domains",
    "region": "region, state, province, departement, region name",
    "author_kind": "account type, author type, user type, type de compte",
    "author_verified": "author verified, user verified, verified, is verified, verifie",
    "demography_gender": "gender, sex, genre, genero, sexo, geschlecht, sexe",
    "demography_age": "age, age group, age range, tranche d age, edad, alter, rango de edad",
    "reposted_by": "repost by user did, repost by user handle, reposted by, retweeted by, reason by did",
    "community": "community, communaute, comunidad, gemeinschaft, subreddit, cluster, segment",
    "query": """
        query, query name, search query, topic, topic name, monitor, monitor name, input name, sujet, theme,
        thematique, thema, tema, requete, consulta, suchbegriff, suchanfrage, search term, search, keyword, mot cle,
        palabra clave, brand, marque, marca, marke, project name, collection
        """,
}
#: Names behind an author word: `user_followers` -> followers.
AUTHOR_FIELDS: dict[str, str] = {
    "author": "screen name, username, handle, name, nickname, acct, did, id, id str, short name, login, display name",
    "followers": "followers, followers count, follower count, public metrics followers count",
}
SERIES_FIELDS: dict[str, str] = {
    "date": """
        date, day, week, month, period, time, datetime, timestamp, created at, published, start, start time, start
        date, ds, jour, semaine, mois, annee, periode, heure, fecha, dia, semana, mes, ano, periodo, datum, tag,
        woche, monat, jahr, zeit, zeitraum, data, giorno, settimana, mese, anno, hari, minggu, bulan, year, quarter,
        trimestre, quartal, hour, hora, stunde, dato, 日付, 日, 月, 週, 날짜, 일, 월, 주, 日期, 周, 月份
        """,
    "topic": """
        query, topic, topics, query name, topic name, monitor, monitor name, sujet, theme, thematique, thema, tema,
        requete, consulta, suchbegriff, suchanfrage, search term, keyword, keywords, term, terme, mot cle, palabra
        clave, brand, marque, marca, marke, event, evenement, page, entity, entite, subject, hashtag, category,
        categorie, label, unique id, tag
        """,
    "count": """
        count, counts, posts, post count, num posts, nb posts, mentions, mention count, nombre de mentions, nb
        mentions, volume, volume of mentions, tweet count, tweets, n, nb, nombre, number, total mentions, total,
        articles, stories, story count, sentences, questions, messages, publications, documents, occurrences, results,
        frequency, freq, frequence, anzahl, beitrage, erwahnungen, menciones, publicaciones, cantidad, numero,
        menzioni, contagem, uses, value, valeur, valor, wert, valore, y
        """,
    "authors": """
        authors, unique authors, distinct authors, author count, auteurs, auteurs uniques, nb auteurs, nombre d
        auteurs, autores, autores unicos, autoren, users, unique users, utilisateurs, usuarios, nutzer, accounts,
        contributors, people, speakers, voices, uniques
        """,
    "share": """
        share, share of voice, sov, part, part de voix, proportion, percent, percentage, pourcentage, porcentaje,
        anteil, ratio, volume intensity
        """,
    "interest": """
        interest, search interest, interest over time, hits, search volume, searches, search share, search index,
        search, google trends, gtrends, trend, trends, volume de recherche, volume de recherches, recherches, interet,
        interet de recherche, busquedas, interes, interes de busqueda, volumen de busqueda, suchen, suchvolumen,
        suchinteresse, suchanfragen, ricerche, pesquisas
        """,
    "geo": """
        geo, geo code, iso, iso code, country code, country, pays, pais, land, paese, region, place, location,
        territory, market, marche, code pays
        """,
    "partial": "ispartial, is partial, partial",
}
CONTENT_FIELDS: dict[str, str] = {
    "title": """
        question, title, titre, titulo, titel, titolo, pregunta, frage, domanda, pergunta, h1, heading, headline, page
        title, titre de la page, seo title, name, nom, intitule, sujet, subject
        """,
    "text": """
        answer, reponse, respuesta, antwort, risposta, resposta, text, texte, texto, testo, content, contenu,
        contenido, inhalt, body, corps, description, meta description, full text, article, page content, extract
        """,
    "url": """
        url, link, lien, enlace, address, adresse, page url, permalink, page, loc, adresse url, adresse de la page
        """,
    "id": "id, identifiant, identifier, ref, reference, slug, sku",
    "lang": "lang, language, langue, idioma, sprache, lingua",
}
FIELDS: dict[str, dict[str, str]] = {
    "posts": POST_FIELDS,
    "counts": SERIES_FIELDS,
    "interest": SERIES_FIELDS,
    "content": CONTENT_FIELDS,
}


def match_columns(headers: list[str], kind: str) -> dict[str, int]:
    """Return for each field of the table `kind` the position of the column that means it, where there is one.

    A column serves one field. Names inside other names (`record.createdAt`) are understood, with less weight the deeper
    they lie; what speaks of the author is never taken for the post (`user_likes` are not the likes of a post).
    """
    known = _known(kind)
    ranked: list[tuple[int, int, str]] = []
    for position, header in enumerate(headers):
        for field, rank in _meanings(header, known, kind):
            ranked.append((rank, position, field))
    chosen: dict[str, int] = {}
    for _, position, field in sorted(ranked):
        if field not in chosen and position not in chosen.values():
            chosen[field] = position
    return chosen


def count_known(cells: list[str]) -> int:
    """Return how many of the cells are column names that any table knows: a measure for finding the header row."""
    return sum(1 for c in set(cells) if c and any(_meanings(c, _known(k), k) for k in ("posts", "counts", "content")))


def _meanings(header: str, known: dict[str, list[tuple[str, int]]], kind: str) -> list[tuple[str, int]]:
    """Return (field, rank) of what a header may mean; a lower rank is a better fit."""
    path = [plain(p) for p in header.split(".")] if "." in header else [plain(header)]
    path = [p for p in path if p] or [""]
    whole = " ".join(path)
    if whole in known:
        return known[whole]
    if kind != "posts":
        return []
    while len(path) > 1 and path[0] in _WRAPPERS:
        path = path[1:]
        if found := known.get(" ".join(path)):
            return [(f, 1000 + r) for f, r in found]
    words = " ".join(path).split()
    if len(words) > 1 and words[0] in AUTHOR_WORDS:
        return [(f, 500 + r) for f, r in _author_known().get(" ".join(words[1:]), [])]
    return []


def listed(names: str) -> list[str]:
    """Return the entries of a comma-separated list that may run over several lines."""
    return [" ".join(name.split()) for name in names.split(",") if name.strip()]


@lru_cache(maxsize=4)
def _known(kind: str) -> dict[str, list[tuple[str, int]]]:
    return _invert(FIELDS[kind])


@lru_cache(maxsize=1)
def _author_known() -> dict[str, list[tuple[str, int]]]:
    return _invert(AUTHOR_FIELDS)


def _invert(fields: dict[str, str]) -> dict[str, list[tuple[str, int]]]:
    known: dict[str, list[tuple[str, int]]] = {}
    for field, names in fields.items():
        for rank, name in enumerate(listed(names)):
            known.setdefault(plain(name), []).append((field, rank))
    return known
