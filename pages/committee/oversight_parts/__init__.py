"""The lists of the oversight page."""
