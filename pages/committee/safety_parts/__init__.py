"""The parts of the safety page: the grid, the key, one day opened, the list of events."""
