"""The parts of the stopping page."""
