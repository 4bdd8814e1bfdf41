"""The fictitious brand and two alternatives: how they are searched and spoken of, with the planted switch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sources.example.crisis import BRAND
from sources.example.market import GEO, SCALE, WEEKS, Latent
from sources.example.people import FORUM, MICROBLOG, People
from sources.example.places import REGIONS
from sources.example.voices import DAY


@dataclass(frozen=True)
class Brand:
    """A brand: mean interest on the market's scale, people who write on it in a week, the share of their posts that leaves it,
    and what is typed about it with volumes a month: queries that ask how to leave it, and others.
    """

    name: str
    interest: float
    people: float
    said_leaving: float
    leaving: tuple[tuple[str, int], ...]
    queries: tuple[tuple[str, int], ...]


BRANDS = (
    Brand(
        BRAND, 9.0, 4.0, 0.01,
        ((f"alternative à {BRAND}", 1600), (f"résilier contrat {BRAND}", 900), (f"remplacer {BRAND} par Valdoré", 500)),
        ((f"{BRAND} ou Valdoré", 600), (f"{BRAND} avis", 1900), (f"{BRAND} espace client", 800)),
    ),
    Brand(
        "Valdoré", 5.0, 2.5, 0.05,
        (("quitter Valdoré", 140),),
        (("Valdoré avis", 1500), ("Valdoré contact", 700), ("Valdoré espace client", 400)),
    ),
    Brand(
        "Nordélys", 2.0, 2.5, 0.22,
        (),
        (("Nordélys avis", 480), ("Nordélys téléphone", 320), ("Nordélys service client", 210)),
    ),
)  # fmt: skip

_PLAIN = (
    "Rendez-vous pris avec {brand}, le conseiller était à l'heure.",
    "Quelqu'un connaît {brand} ? On hésite encore.",
    "{brand} m'a rappelé en {n} jours, rien à dire.",
    "Standard de {brand} injoignable ce matin, {n} minutes d'attente.",
    "Facile de joindre {brand} par mail, réponse en {n} heures.",
)
_LEAVING = (
    "Je vais quitter {brand} au bout de {n} mois, c'est décidé.",
    "Contrat résilié : on cherche une alternative à {brand}.",
    "On a décidé de remplacer {brand} par un artisan du coin.",
)


def interest(rng: np.random.Generator, market: Latent) -> pd.DataFrame:
    """Return the interest in the brands on the scale of the market."""
    parts = []
    for brand in BRANDS:
        value = np.rint(np.clip(brand.interest * np.exp(rng.normal(0, 0.08, WEEKS)), 1, 100))
        parts.append(
            pd.DataFrame(
                {
                    "scale": SCALE, "term": brand.name, "geo": GEO,
                    "period": market.weeks.tz_localize("UTC"), "grain": "week", "value": value, "lo": value - 0.5,
                    "hi": value + 0.5, "kind": "measured", "partial": False, "unit": "index",
                }
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def queries(window: str) -> pd.DataFrame:
    """Return what is typed about the brands, with monthly volumes."""
    rows = [(b.name, text, float(volume)) for b in BRANDS for text, volume in (*b.leaving, *b.queries)]
    frame = pd.DataFrame(rows, columns=["term", "query", "value"])
    return frame.assign(
        item="query", ranking="list", lo=frame["value"], hi=frame["value"], kind="measured", unit="searches",
        raw=[f"{v:.0f}" for v in frame["value"]], window=window,
    )  # fmt: skip


def posts(rng: np.random.Generator, people: People, market: Latent, query: str, first: int) -> pd.DataFrame:
    """Return posts that name a brand and no topic: the columns of the posts table that are known, with `author`
    (number), `community` and `leaves` beside.

    Parameters
    ----------
    query : the monitor they came with. first : number of the first id.
    """
    frame = people.frame
    regular = np.flatnonzero(
        (frame["role"] == "regular").to_numpy()
        & (frame["lang"] == "fr").to_numpy()
        & frame["platform"].isin([MICROBLOG, FORUM]).to_numpy()
    )
    towns = [town for _, found in REGIONS.values() for town in found]
    rows = []
    for brand in BRANDS:
        count = int(rng.poisson(brand.people * WEEKS))
        authors = rng.choice(regular, count, replace=False)
        weeks = rng.integers(0, WEEKS, count)
        seconds = rng.integers(6 * 3600, 21 * 3600, count) + DAY * rng.integers(0, 7, count)
        for author, week, second in zip(authors, weeks, seconds, strict=True):
            leaves = rng.random() < brand.said_leaving
            sentences = _LEAVING if leaves else _PLAIN
            text = sentences[rng.integers(len(sentences))].format(brand=brand.name, n=int(rng.integers(2, 30)))
            text += f" Ici {towns[rng.integers(len(towns))]}, depuis {int(rng.integers(1960, 2024))}."
            rows.append((int(author), int(market.weeks.as_unit("s").asi8[week]) + int(second), text, bool(leaves)))
    drafts = pd.DataFrame(rows, columns=["author", "time", "text", "leaves"]).sort_values(["time", "author"])
    writers = frame.iloc[drafts["author"].to_numpy()]
    ids = [f"sim-{first + i:06d}" for i in range(len(drafts))]
    return pd.DataFrame(
        {
            "platform": writers["platform"].to_numpy(),
            "id": ids,
            "url": [f"https://{p}.example.invalid/p/{i}" for p, i in zip(writers["platform"], ids, strict=True)],
            "kind": "post",
            "created_at": pd.to_datetime(drafts["time"].to_numpy(), unit="s", utc=True),
            "time_quality": "ok",
            "text": drafts["text"].to_numpy(),
            "title": None,
            "lang": "fr",
            "country": writers["country"].where(writers["country_known"]).to_numpy(),
            "region": writers["region"].where(writers["country_known"] & (writers["region"] != "")).to_numpy(),
            "author_key": writers["author_key"].to_numpy(),
            "in_reply_to": None,
            "repost_of": None,
            "query": query,
            "author": drafts["author"].to_numpy(),
            "community": writers["community"].to_numpy(),
            "leaves": drafts["leaves"].to_numpy(),
        }
    )
