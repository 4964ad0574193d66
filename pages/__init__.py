"""Screens: router.py is the one script Streamlit is given."""
