"""The parts of the alerts page: what an alert says, who was told, the answer to it."""
