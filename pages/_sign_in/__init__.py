"""Signing in: plain HTML, served before Streamlit is asked for anything."""
