"""What the pages share: session, cached answers, facts that explain themselves, states, uploads, exports."""

from explorer.ui.answers import gaps_of, movers_of, outlook_of, panel_of, path_of, sample_of, trends_of
from explorer.ui.audiences import audiences
from explorer.ui.campaigns import campaigns
from explorer.ui.connecting import sources
from explorer.ui.conversation import conversation
from explorer.ui.demographics import who_they_are
from explorer.ui.drawing import chart, draw
from explorer.ui.explained import explained
from explorer.ui.exports import export_forecast, export_gaps, study_file
from explorer.ui.facts import fact, gap_meaning, reason, record
from explorer.ui.further import coming_back, further
from explorer.ui.links import link
from explorer.ui.needs import asked_about, confirm, export_needs, needs_of
from explorer.ui.session import (
    choose_language,
    choose_topic,
    corrected,
    folder_of,
    keep_head,
    own_study,
    page_head,
    people_switch,
    study,
    words,
)
from explorer.ui.states import answering, both_sides, show_notes
from explorer.ui.studies import studies
from explorer.ui.text import plain
from explorer.ui.topics import topics
from explorer.ui.upload import stored, upload
from explorer.ui.voices import circles_of, export_voices, speakers_of, topic_movers_of
from explorer.ui.volume import volume

__all__ = [
    "answering", "asked_about", "audiences", "both_sides", "campaigns", "chart", "choose_language", "choose_topic",
    "circles_of", "coming_back", "confirm", "conversation", "corrected", "draw", "explained", "export_forecast", "export_gaps",
    "export_needs", "export_voices", "fact", "folder_of", "further", "gap_meaning", "gaps_of", "keep_head", "link",
    "movers_of", "needs_of", "outlook_of", "own_study", "page_head", "panel_of", "path_of", "people_switch", "plain",
    "reason", "record", "sample_of", "show_notes", "sources", "speakers_of", "stored", "studies", "study", "study_file",
    "topic_movers_of", "topics", "trends_of", "upload", "volume", "who_they_are", "words",
]  # fmt: skip
