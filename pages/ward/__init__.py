"""Screens of the ward: board, assess, patient, alerts."""
