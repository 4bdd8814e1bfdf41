"""Every chart, in Altair; one function a chart, frames in, chart out. Search is blue, posts are vermilion, everywhere."""

from explorer.charts.alerts import carried, timeline, tree
from explorer.charts.countries import country_dots, country_map, gap_map
from explorer.charts.dress import GAP, GREY, POSTS, SEARCH, VERDICT_COLOURS, VERDICT_SHAPES, to_png, to_spec, to_svg
from explorer.charts.explanation import season, trend
from explorer.charts.gaps import forest, gap_band, indexed, quadrant
from explorer.charts.needs import chances, places
from explorer.charts.plan import coverage_strip, fan, months, plan
from explorer.charts.voices import concentration_curve, dumbbell

__all__ = [
    "GAP", "GREY", "POSTS", "SEARCH", "VERDICT_COLOURS", "VERDICT_SHAPES", "carried", "chances", "concentration_curve",
    "country_dots", "country_map", "coverage_strip", "dumbbell", "fan", "forest", "gap_band", "gap_map", "indexed", "months",
    "places", "plan", "quadrant", "season", "timeline", "to_png", "to_spec", "to_svg", "tree", "trend",
]  # fmt: skip
