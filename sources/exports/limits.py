"""Row counts at which tools stop an export without a word. A capped file looks exactly like silence, so it is said."""

from __future__ import annotations

#: Listening tools, their plans and spreadsheets: the last one is every row that XLSX has, less the header.
POST_LIMITS = (
    1_000,
    5_000,
    10_000,
    20_000,
    25_000,
    30_000,
    50_000,
    100_000,
    200_000,
    250_000,
    300_000,
    500_000,
    1_000_000,
    1_048_575,
)


def limit_note(rows: int, name: str, what: str = "rows", limits: tuple[int, ...] = POST_LIMITS) -> str:
    """Return a sentence if a file has exactly as many rows as a known limit, else nothing."""
    if rows not in limits:
        return ""
    return (
        f"{name} has exactly {rows:,} {what}, a number at which tools stop an export: there are probably more. "
        "Export shorter periods and import them all."
    )
