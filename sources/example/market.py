"""The simulated market: topics, latent need and speech, and the search index that a trends service would print.

The planted gap follows the project's benchmark of planted-gap worlds: a topic has a latent need; people search it and, with a
propensity of its own, speak of it. The gap is log2(share of need / share of people who speak) over the last 52 weeks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

WEEKS = 156  # three years
WINDOW = 52  # weeks over which the gap is planted
PAD = 16  # weeks simulated before the first one, so that delayed speech has a past
PEOPLE = 220.0  # distinct people who write in a week, over all topics, before the crisis
OVERDISPERSION = 14.0  # negative binomial size of weekly people; the leading topic is steadier
SAMPLES_PER_POINT = 12.0  # the provider's sample: Poisson events behind one point of the index
GEO = "FR"
SCALE = "example:FR:week"

#: Communities of the simulated authors and their share of the population.
COMMUNITIES: dict[str, float] = {
    "households": 0.36,
    "thrifty": 0.20,
    "climate": 0.14,
    "sceptics": 0.13,
    "installers": 0.12,
    "press": 0.05,
}


@dataclass(frozen=True)
class Topic:
    """One topic of the market with everything that is planted about it.

    `level` is relative need, `gap` the raw planted gap in doublings before shares are closed to 1, `season` the amplitude in
    log units with the day of the year of its peak, `drift` the log change over the whole span, `lag` the weeks by which
    speech follows need, `mood` multiplies the weight of the forms (question, complaint, praise, news, ad, advice), `crowd`
    multiplies the weight of communities.
    """

    id: str
    label: str
    label_en: str
    search: tuple[str, ...]
    social: str
    level: float
    gap: float
    season: tuple[float, int] = (0.1, 20)
    drift: float = 0.0
    lag: int = 0
    shock: float = 0.09
    mood: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    crowd: tuple[tuple[str, float], ...] = ()


_PUMP = '("pompe à chaleur" OR "pompes à chaleur" OR "heat pump" OR "heat pumps")'

TOPICS: tuple[Topic, ...] = (
    Topic(
        "prix",
        "Prix de la pompe à chaleur",
        "Heat pump price",
        ("prix pompe à chaleur", "devis pompe à chaleur"),
        f"{_PUMP} AND (prix OR tarif* OR devis OR price* OR quote* OR mensualité*)",
        30,
        -0.15,
        (0.15, 285),
        crowd=(("installers", 1.5), ("thrifty", 1.5)),
    ),
    Topic(
        "bruit",
        "Bruit de la pompe à chaleur",
        "Heat pump noise",
        ("bruit pompe à chaleur", "pompe à chaleur bruyante"),
        f"{_PUMP} AND (bruit OR bruyant* OR décibel* OR noise OR noisy)",
        15,
        1.55,
        (0.2, 15),
        mood=(1.0, 1.6, 0.6, 0.6, 0.0, 1.0),
    ),
    Topic(
        "aides",
        "Aides et MaPrimeRénov'",
        "Grants and MaPrimeRénov'",
        ("maprimerénov", "aides rénovation énergétique"),
        'maprimerénov OR "prime énergie" OR anah',
        40,
        -0.35,
        (0.1, 40),
        lag=2,
        shock=0.24,
        crowd=(("households", 1.3),),
    ),
    Topic(
        "solaire",
        "Panneaux solaires",
        "Solar panels",
        ("panneaux solaires",),
        '"panneaux solaires" OR "panneau solaire" OR photovoltaïque* OR "solar panels" OR "solar panel"',
        34,
        -0.1,
        (0.3, 130),
        drift=0.1,
        crowd=(("climate", 2.0),),
    ),
    Topic(
        "batterie",
        "Batterie domestique",
        "Home battery",
        ("batterie domestique",),
        "(batterie* OR battery) AND (domestique* OR stockage OR maison OR home) NOT (téléphone OR voiture OR moto)",
        0.9,
        -0.75,
        (0.05, 170),
        shock=0.05,
        crowd=(("climate", 1.5), ("thrifty", 1.5)),
    ),
    Topic(
        "isolation",
        "Isolation de la maison",
        "Home insulation",
        ("isolation combles", "isolation murs"),
        "(isolation OR isoler OR insulation) AND (combles OR murs OR grenier OR toiture* OR plancher OR loft OR walls)"
        " NOT (phonique OR acoustique)",
        25,
        -0.1,
        (0.25, 300),
    ),
    Topic(
        "granules",
        "Poêle à granulés",
        "Pellet stove",
        ("poêle à granulés",),
        '"poêle à granulés" OR "poêles à granulés" OR "sacs de granulés" OR pellets OR "pellet stove"',
        12,
        -0.2,
        (1.1, 320),
        crowd=(("thrifty", 2.0),),
    ),
    Topic(
        "chaudiere",
        "Fin de la chaudière gaz",
        "Phasing out gas boilers",
        ("chaudière gaz",),
        '"chaudière gaz" OR "chaudière à gaz" OR "chaudières gaz" OR "chaudières à gaz" OR "gas boiler" OR "gas boilers"',
        11,
        -1.35,
        (0.3, 345),
        drift=-0.35,
        mood=(0.7, 1.8, 0.6, 1.0, 0.0, 0.7),
        crowd=(("sceptics", 4.0), ("climate", 2.0)),
    ),
    Topic(
        "factures",
        "Factures d'électricité",
        "Electricity bills",
        ("facture électricité", "prix kwh"),
        "(facture* OR kWh OR bill) AND (électricité OR electricity)",
        26,
        -0.95,
        (0.25, 25),
        mood=(0.8, 1.8, 0.5, 0.8, 0.0, 0.8),
        crowd=(("thrifty", 2.0), ("sceptics", 1.5)),
    ),
    Topic(
        "recharge",
        "Borne de recharge à domicile",
        "Home charging",
        ("borne de recharge domicile",),
        '"borne de recharge" OR "bornes de recharge" OR "prise renforcée" OR "home charger"',
        22,
        -0.1,
        (0.05, 100),
        drift=0.15,
        crowd=(("climate", 1.5),),
    ),
    Topic(
        "entretien",
        "Entretien de la pompe à chaleur",
        "Heat pump maintenance",
        ("entretien pompe à chaleur",),
        f"{_PUMP} AND (entretien OR révision* OR maintenance)",
        17,
        1.4,
        (0.3, 280),
        mood=(1.0, 1.2, 0.8, 0.6, 0.8, 1.2),
    ),
    Topic(
        "arnaques",
        "Arnaques et démarchage",
        "Scams and cold calls",
        ("arnaque pompe à chaleur", "démarchage rénovation"),
        "(arnaque* OR démarchage OR escrocs OR scam*) AND (rénovation* OR travaux OR renovation)",
        12,
        1.8,
        (0.05, 60),
        mood=(1.0, 2.0, 0.0, 1.0, 0.0, 1.0),
    ),
    Topic(
        "copropriete",
        "Chauffage en copropriété",
        "Heating in shared buildings",
        ("pompe à chaleur copropriété",),
        '(copropriété* OR syndic) AND (chauffage OR rénovation OR thermique OR heating OR "pompe à chaleur")',
        8,
        1.2,
        (0.15, 320),
        mood=(1.0, 1.4, 0.5, 0.8, 0.0, 1.0),
    ),
    Topic(
        "securite",
        "Incendie et sécurité",
        "Fire and safety",
        ("pompe à chaleur incendie",),
        '("pompe à chaleur" OR "pompes à chaleur" OR calorène OR "heat pump") AND (incendie* OR feu OR brûl* OR fire)',
        0.15,
        -2.4,
        (0.1, 200),
        mood=(1.0, 1.3, 0.0, 1.0, 0.0, 1.0),
    ),
)

IDS: tuple[str, ...] = tuple(t.id for t in TOPICS)
SILENT = ("bruit", "entretien", "arnaques", "copropriete")
INFLATED = ("solaire", "isolation", "recharge")
LEADING = "aides"
SEASONAL = "granules"
EMERGING = "batterie"
CRISIS = "securite"
CAPPED_TOPIC = "aides"  # one week of its posts is cut by a ceiling
CHATTER = -1  # topic number of posts that belong to no topic

RISE = 10.0  # final need of the emerging topic, as a multiple of its first level
RISE_MIDDLE = 16  # weeks before the end at which half of the rise is done
RISE_PACE = 3.0  # weeks: scale of the logistic
RISE_ONSET = 26  # weeks before the end at which the rise leaves the noise
RISE_DELAY = 8  # weeks by which speech follows

CRISIS_WEEKS_BEFORE_END = 24
#: Need that the crisis adds to its topic week by week, in units of `level`: people search what they hear of.
CRISIS_NEED = (7.0, 30.0, 17.0, 9.0, 5.0, 3.0, 2.0, 1.0)


@dataclass(frozen=True)
class Latent:
    """Need and expected people who speak, `float[topic, week]`, and the first day of each week (Sunday, UTC)."""

    weeks: pd.DatetimeIndex
    need: np.ndarray
    speak: np.ndarray


def latent(rng: np.random.Generator, weeks: pd.DatetimeIndex) -> Latent:
    """Return the latent series of every topic; speech without the people whom the crisis brings (they are added later)."""
    count, span = len(TOPICS), WEEKS + PAD
    dates = weeks[0] + pd.to_timedelta(7 * (np.arange(span) - PAD), unit="D")
    day = dates.day_of_year.to_numpy()
    years = (np.arange(span) - PAD) / WEEKS
    shock = np.array([t.shock for t in TOPICS])
    swing = _autoregression(rng, shock, span, np.where(shock > 0.2, 0.6, 0.7))
    need = np.empty((count, span))
    speak = np.empty((count, span))
    for k, topic in enumerate(TOPICS):
        amplitude, peak = topic.season
        season = amplitude * np.cos(2 * np.pi * (day - peak) / 365.25)
        steady = topic.level * np.exp(season + topic.drift * years + swing[k])
        need[k] = steady * (_rise(span, 0) if topic.id == EMERGING else 1.0)
        spoken = steady * (_rise(span, RISE_DELAY) if topic.id == EMERGING else 1.0)
        speak[k] = np.roll(spoken, topic.lag) * np.exp2(-topic.gap)
    speak *= np.exp(rng.normal(0, 0.08, speak.shape))
    need, speak = need[:, PAD:], speak[:, PAD:]
    speak *= PEOPLE / speak.sum(0).mean()
    start = WEEKS - CRISIS_WEEKS_BEFORE_END
    need[IDS.index(CRISIS), start : start + len(CRISIS_NEED)] += CRISIS_NEED
    return Latent(weeks, need, speak)


def interest(rng: np.random.Generator, market: Latent) -> pd.DataFrame:
    """Return the interest table: integers 0..100 on one scale, with the provider's sampling noise, `<1` and zeros.

    A printed `<1` stands for the open interval (0, 1); its `value` is the middle, its `kind` says `below_one`.
    """
    terms, rows = [], []
    for topic, need in zip(TOPICS, market.need, strict=True):
        shares = (1.0,) if len(topic.search) == 1 else (0.64, 0.36)
        for term, share in zip(topic.search, shares, strict=True):
            terms.append(term)
            rows.append(need * share)
    level = np.array(rows)
    level *= 100 / level.max()
    sampled = rng.poisson(level * SAMPLES_PER_POINT) / SAMPLES_PER_POINT
    sampled *= 100 / sampled.max()
    value, lo, hi, kind = _printed(sampled.ravel())
    return pd.DataFrame(
        {
            "scale": SCALE,
            "term": np.repeat(terms, WEEKS),
            "geo": GEO,
            "period": np.tile(market.weeks.to_numpy(), len(terms)),
            "grain": "week",
            "value": value,
            "lo": lo,
            "hi": hi,
            "kind": kind,
            "partial": False,
            "unit": "index",
        }
    ).assign(period=lambda d: d["period"].dt.tz_localize("UTC"))


def planted_gap(need: np.ndarray, speak: np.ndarray) -> pd.DataFrame:
    """Return share of search, share of voice [0..1] and gap [doublings] per topic over the last `WINDOW` weeks."""
    search = need[:, -WINDOW:].sum(1)
    voice = speak[:, -WINDOW:].sum(1)
    frame = pd.DataFrame({"share_of_search": search / search.sum(), "share_of_voice": voice / voice.sum()}, index=IDS)
    frame["gap"] = np.log2(frame["share_of_search"] / frame["share_of_voice"])
    return frame.rename_axis("topic")


def _printed(sampled: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    value = np.rint(sampled)
    below = (sampled > 0) & (sampled < 1)
    zero = sampled == 0
    kind = np.select([zero, below], ["zero", "below_one"], "measured")
    lo = np.select([zero | below], [0.0], value - 0.5)
    hi = np.select([zero, below], [0.5, 1.0], np.minimum(value + 0.5, 100.0))
    return np.where(below, 0.5, value), lo, hi, kind


def _autoregression(rng: np.random.Generator, shock: np.ndarray, span: int, memory: np.ndarray) -> np.ndarray:
    noise = rng.normal(0, 1, (len(shock), span)) * shock[:, None]
    path = np.zeros_like(noise)
    for i in range(1, span):
        path[:, i] = memory * path[:, i - 1] + noise[:, i]
    return path


def _rise(span: int, delay: int) -> np.ndarray:
    weeks_to_end = span - np.arange(span)
    return 1 + (RISE - 1) / (1 + np.exp((weeks_to_end - RISE_MIDDLE + delay) / RISE_PACE))
