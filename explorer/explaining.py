"""What the searches for a topic are made of: trend, bends, seasons and the holidays of the study's country."""

from __future__ import annotations

from explorer.known import holiday_country, own_events
from explorer.panel import Panel
from explorer.study import Study
from forecasting.explanation import Explanation, explain


def explain_search(study: Study, panel: Panel, topic: str) -> Explanation:
    """Take the search side of one topic apart.

    Holidays are those of the study's `geo`; where no calendar is known for it, none are looked for.

    Raises
    ------
    TooLittleData : fewer than 20 periods with a value.
    """
    own = panel.search[panel.search["topic"] == topic].rename(
        columns={"topic": "unique_id", "period": "ds", "value": "y"}
    )
    return explain(own, freq=panel.freq, country=holiday_country(study), events=own_events(study))
