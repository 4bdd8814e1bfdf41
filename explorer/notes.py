"""What a reader of the figures must know about the data behind them, as codes that explorer.phrases turns into sentences."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Note:
    """Something a reader of the panel must know. `code` is stable, `details` fill the sentence made from it."""

    code: str
    details: dict[str, str | int | float] = field(default_factory=dict)
