"""Pure functions on small long frames: the gap between search and voice, forecasts, and where the gap goes."""

from forecasting.ensemble import forecast
from forecasting.evaluation import backtest
from forecasting.gap import gap, gap_path
from forecasting.lead_lag import lead_lag
from forecasting.lead_lags import lead_lags
from forecasting.projection import project_gap

__all__ = ["backtest", "forecast", "gap", "gap_path", "lead_lag", "lead_lags", "project_gap"]
