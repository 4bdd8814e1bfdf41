"""Method: how is each number made?"""

import streamlit as st

from explorer import ui
from explorer.method import sections
from explorer.words import Words

say: Words = ui.words()
st.title(say("How each number is made"))
asked = st.query_params.get("m", "")
for section in sections(say.language):
    st.header(section.title, anchor=section.anchor)
    if section.anchor == asked:
        st.badge(say("You came from here"), icon=":material/arrow_downward:", color="blue")
    st.markdown(section.text)
