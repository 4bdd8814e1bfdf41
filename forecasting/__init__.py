"""Pure functions on small long frames: the gap between search and voice, forecasts, and where the gap goes."""

from forecasting.gap import gap, gap_path

__all__ = ["gap", "gap_path"]
