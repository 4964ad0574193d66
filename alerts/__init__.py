"""Signals, and their way out of the building: reconcile, outbox, delivery."""
