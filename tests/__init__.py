"""Vigil's tests, one folder a room."""
