"""Screens of the trial office."""
