"""The report as one HTML file that opens offline: charts as SVG inside, no script, no request, readable on paper."""

from __future__ import annotations

import html
from dataclasses import dataclass

import pandas as pd

from explorer.outputs.provenance import Provenance
from explorer.words import Words

_STYLE = """
:root { color-scheme: light dark; --ink: #14181b; --quiet: #5a646c; --line: #c9d0d6; --paper: #fff }
@media (prefers-color-scheme: dark) { :root { --ink: #edf1f4; --quiet: #a3adb5; --line: #3a444c; --paper: #12161a } }
@media print { :root { --ink: #000; --quiet: #444; --line: #999; --paper: #fff } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
  color: var(--ink); background: var(--paper) }
h1 { font-size: 1.7rem; line-height: 1.25 } h2 { font-size: 1.2rem; margin-top: 2.2rem }
figure { margin: 1rem 0; overflow-x: auto; background: #fff; padding: .5rem; border-radius: .4rem }
figcaption { color: #444; font-size: .9rem }
table { border-collapse: collapse; width: 100%; font-size: .9rem }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line) } td.n { text-align: right }
.badge { border: 1px solid #b45309; padding: .1rem .5rem; border-radius: 1rem; font-size: .85rem }
.quiet, footer { color: var(--quiet); font-size: .88rem } code { overflow-wrap: anywhere }
"""


@dataclass(frozen=True)
class Part:
    """One section of the report: a title, a chart as SVG with the finding it shows, and its numbers as a table."""

    title: str
    finding: str = ""
    svg: str = ""
    table: pd.DataFrame | None = None


def to_page(headline: str, parts: list[Part], provenance: Provenance, words: Words) -> bytes:
    """Return the report as UTF-8 HTML.

    Every text that comes from data is escaped; the SVGs must be of our own making (explorer.charts.to_svg).
    """
    say = html.escape
    badge = f'<span class="badge">{say(words("Example data, simulated"))}</span>' if provenance.simulated else ""
    body = [f"<h1>{say(headline)}</h1>", f'<p class="quiet">{say(provenance.study)} {badge}</p>']
    body += [f'<p role="note"><strong>{say(provenance.caution)}</strong></p>'] if provenance.caution else []
    for part in parts:
        body.append(f"<h2>{say(part.title)}</h2>")
        if part.svg:
            body.append(
                f'<figure role="img" aria-label="{say(part.finding)}">{part.svg}'
                f"<figcaption>{say(part.finding)}</figcaption></figure>"
            )
        if part.table is not None:
            body.append(_table(part.table))
    about = "".join(f"<tr><th>{say(name)}</th><td>{say(value)}</td></tr>" for name, value in provenance.pairs(words))
    body.append(f"<footer><h2>{say(words('About'))}</h2><table>{about}</table></footer>")
    page = (
        f'<!doctype html><html lang="{words.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
        f"<title>{say(headline)}</title><style>{_STYLE}</style></head><body>{''.join(body)}</body></html>"
    )
    return page.encode("utf-8")


def _table(frame: pd.DataFrame) -> str:
    numbers = [pd.api.types.is_numeric_dtype(frame[c]) for c in frame.columns]
    head = "".join(f"<th>{html.escape(str(c))}</th>" for c in frame.columns)
    rows = []
    for row in frame.itertuples(index=False):
        cells = "".join(
            f'<td class="n">{html.escape(_shown(v))}</td>' if number else f"<td>{html.escape(_shown(v))}</td>"
            for v, number in zip(row, numbers, strict=True)
        )
        rows.append(f"<tr>{cells}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _shown(value: object) -> str:
    if value is None or value is pd.NaT or value != value:
        return "–"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
