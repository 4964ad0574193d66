"""Rows in, Plotly figure out: one file a picture."""
