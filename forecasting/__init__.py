"""Pure functions on small long frames: the gap between search and voice, forecasts, and where the gap goes."""

from forecasting.ensemble import forecast
from forecasting.evaluation import backtest
from forecasting.explanation import explain
from forecasting.fanout import fan_out
from forecasting.gap import gap, gap_path
from forecasting.impact import impact
from forecasting.lead_lag import lead_lag
from forecasting.lead_lags import lead_lags
from forecasting.led import forecast_led
from forecasting.projection import project_gap
from forecasting.trend_class import trend_class

__all__ = [
    "backtest",
    "explain",
    "fan_out",
    "forecast",
    "forecast_led",
    "gap",
    "gap_path",
    "impact",
    "lead_lag",
    "lead_lags",
    "project_gap",
    "trend_class",
]
