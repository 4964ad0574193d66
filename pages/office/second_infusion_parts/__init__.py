"""The parts of the page of the gate for the second infusion."""
