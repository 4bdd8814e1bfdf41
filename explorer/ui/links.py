"""Links between pages."""

from __future__ import annotations

import streamlit as st


def link(page: str, label: str, *, icon: str | None = None, **query: str) -> None:
    """Link to another page of the app, filters of the URL kept."""
    st.page_link(st.session_state["pages"][page], label=label, icon=icon, query_params=query or None)
