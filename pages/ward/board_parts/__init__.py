"""The parts of the ward board: how each patient stands, and the card that shows it."""
