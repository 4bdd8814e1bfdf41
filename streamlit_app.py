"""The app: navigation, language and theme; nothing else."""

from pathlib import Path

import streamlit as st

from explorer import ui

PAGES = Path(__file__).resolve().parent / "explorer" / "app_pages"
ICON = PAGES.parent / "assets" / "icon.png"

st.set_page_config(page_title="Undersaid", page_icon=str(ICON), layout="wide")

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="head"):
    study = st.container(width="stretch", key="study")
    say = ui.choose_language()
ui.keep_head(study)

pages = {
    "gaps": st.Page(
        PAGES / "gaps.py", title=say("Gaps"), icon=":material/compare_arrows:", url_path="gaps", default=True
    ),
    "topic": st.Page(PAGES / "topic.py", title=say("Topic"), icon=":material/topic:", url_path="topic"),
    "needs": st.Page(PAGES / "needs.py", title=say("Needs"), icon=":material/contact_support:", url_path="needs"),
    "voices": st.Page(PAGES / "voices.py", title=say("Voices"), icon=":material/groups:", url_path="voices"),
    "plan": st.Page(PAGES / "plan.py", title=say("Plan"), icon=":material/event:", url_path="plan"),
    "alerts": st.Page(PAGES / "alerts.py", title=say("Alerts"), icon=":material/notifications:", url_path="alerts"),
    "data": st.Page(PAGES / "data.py", title=say("Data"), icon=":material/database:", url_path="data"),
    "method": st.Page(PAGES / "method.py", title=say("Method"), icon=":material/menu_book:", url_path="method"),
}
st.session_state["pages"] = pages
chosen = st.navigation(list(pages.values()), position="top")
chosen.run()
