"""What texts say: language, tone, emotions, intent, questions, and how they match."""

from explorer.text.emotions import emotions
from explorer.text.intent import intent
from explorer.text.language import language
from explorer.text.matching import match
from explorer.text.questions import question_type
from explorer.text.tone import tone

__all__ = ["emotions", "intent", "language", "match", "question_type", "tone"]
