"""What is said of where a campaign lies; keys are the places of `campaign_views.prospects`."""

from __future__ import annotations

PROSPECTS = {
    "inside": "{topic}: inside the window to act of {start} to {end}; all along, the gap is open with a chance of {chance} "
    "or more.",
    "partly": "{topic}: only partly inside the window to act of {start} to {end}; at its lowest, the chance that the gap is "
    "open is {chance}.",
    "outside": "{topic}: outside of every window to act; at its lowest, the chance that the gap is open is {chance}.",
    "not projected": "{topic}: these dates lie outside of what is projected; nothing can be told of them.",
}

PLACES = {
    "inside": "inside a window",
    "partly": "partly inside a window",
    "outside": "outside of every window",
    "not projected": "not projected",
}
