"""Connectors for what people write: one service a file."""
