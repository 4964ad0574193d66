"""Screens of the safety committee."""
