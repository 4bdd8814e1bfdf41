"""Where the simulated people live, and the interest of the French regions in a few topics."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sources.example.market import GEO, IDS, TOPICS

#: The 13 metropolitan regions, their rough weight in the population [per cent], and towns that posts name.
REGIONS: dict[str, tuple[float, tuple[str, ...]]] = {
    "Auvergne-Rhône-Alpes": (12.4, ("Lyon", "Grenoble", "Annecy", "Saint-Étienne")),
    "Bourgogne-Franche-Comté": (4.3, ("Dijon", "Besançon", "Auxerre")),
    "Bretagne": (5.2, ("Rennes", "Brest", "Quimper", "Vannes")),
    "Centre-Val de Loire": (3.9, ("Tours", "Orléans", "Bourges")),
    "Corse": (0.5, ("Ajaccio", "Bastia")),
    "Grand Est": (8.5, ("Strasbourg", "Nancy", "Reims", "Metz")),
    "Hauts-de-France": (9.1, ("Lille", "Amiens", "Arras", "Dunkerque")),
    "Île-de-France": (18.9, ("Paris", "Créteil", "Versailles", "Meaux")),
    "Normandie": (5.1, ("Rouen", "Caen", "Évreux")),
    "Nouvelle-Aquitaine": (9.3, ("Bordeaux", "Limoges", "Pau", "Poitiers")),
    "Occitanie": (9.3, ("Toulouse", "Montpellier", "Nîmes", "Albi")),
    "Pays de la Loire": (5.9, ("Nantes", "Angers", "Laval")),
    "Provence-Alpes-Côte d'Azur": (7.9, ("Marseille", "Nice", "Toulon", "Avignon")),
}

#: Other countries: weight among French and among English speakers [per cent], and towns.
COUNTRIES: dict[str, tuple[float, float, tuple[str, ...]]] = {
    "FR": (82.0, 15.0, ()),
    "BE": (7.5, 3.0, ("Namur", "Liège", "Bruxelles")),
    "CH": (4.5, 4.0, ("Lausanne", "Genève", "Fribourg")),
    "CA": (4.0, 14.0, ("Montréal", "Québec", "Ottawa")),
    "LU": (1.5, 1.0, ("Luxembourg", "Esch")),
    "GB": (0.5, 38.0, ("Leeds", "Bristol", "Cardiff")),
    "IE": (0.0, 12.0, ("Cork", "Galway")),
    "US": (0.0, 13.0, ("Boston", "Portland", "Denver")),
}

#: Regions that search a topic more than any other and in which nobody speaks of it.
SILENT_REGIONS: dict[str, tuple[str, ...]] = {
    "bruit": ("Bretagne", "Pays de la Loire"),
    "entretien": ("Hauts-de-France",),
}

#: Topics for which the regions table is filled, with the regions that stand out and by how much.
_MAPPED: dict[str, dict[str, float]] = {
    "bruit": {"Bretagne": 2.0, "Pays de la Loire": 1.8},
    "entretien": {"Hauts-de-France": 1.9},
    "prix": {"Nouvelle-Aquitaine": 1.3},
    "solaire": {"Occitanie": 1.6, "Provence-Alpes-Côte d'Azur": 1.7},
    "granules": {"Grand Est": 1.5, "Bourgogne-Franche-Comté": 1.6},
}

REGION_NAMES: tuple[str, ...] = tuple(REGIONS)


def regions(rng: np.random.Generator, window: str) -> pd.DataFrame:
    """Return interest by region over `window` (as printed): one index a term, 0..100 of the region that searches it most.

    Corsica has too little data for the smaller terms: the service says so, and the value is missing, not zero.
    """
    frames = []
    for topic, standing_out in _MAPPED.items():
        term = TOPICS[IDS.index(topic)].search[0]
        level = np.array([standing_out.get(r, 1.0) for r in REGION_NAMES]) * np.exp(rng.normal(0, 0.09, len(REGIONS)))
        value = np.rint(100 * level / level.max())
        known = np.array([topic in ("prix", "solaire") or r != "Corse" for r in REGION_NAMES])
        frames.append(
            pd.DataFrame(
                {
                    "scale": f"example:{GEO}:region:{topic}",
                    "term": term,
                    "place": REGION_NAMES,
                    "level": "region",
                    "measure": "index",
                    "value": np.where(known, value, np.nan),
                    "lo": np.where(known, value - 0.5, np.nan),
                    "hi": np.where(known, np.minimum(value + 0.5, 100), np.nan),
                    "kind": np.where(known, "measured", "no_data"),
                    "window": window,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
