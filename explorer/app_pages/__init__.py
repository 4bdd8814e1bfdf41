"""The pages of the app, run by streamlit_app.py: each asks one question, calls the library and draws what comes back."""
