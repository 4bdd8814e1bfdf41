"""Pure functions on small long frames: the gap between search and voice, forecasts, and where the gap goes."""

from forecasting.ensemble import forecast
from forecasting.evaluation import backtest
from forecasting.gap import gap, gap_path
from forecasting.projection import project_gap

__all__ = ["backtest", "forecast", "gap", "gap_path", "project_gap"]
