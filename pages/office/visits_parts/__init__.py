"""The parts of the visits page."""
