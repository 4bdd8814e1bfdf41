"""The words for what a conversation is told by: measures, tones, emotions, traits."""

from __future__ import annotations

MEASURES = {
    "like_count": "likes",
    "repost_count": "reposts",
    "reply_count": "replies",
    "quote_count": "quotes",
    "bookmark_count": "bookmarks",
    "view_count": "views",
    "engagement": "engagement",
    "reach": "reach",
}

TONE_NAMES = {"negative": "Negative", "neutral": "Neutral", "positive": "Positive"}

EMOTION_NAMES = {
    "anger": "anger",
    "anticipation": "anticipation",
    "disgust": "disgust",
    "fear": "fear",
    "joy": "joy",
    "sadness": "sadness",
    "surprise": "surprise",
    "trust": "trust",
}

TRAIT_NAMES = {"platform": "platform", "lang": "language", "country": "country"}
