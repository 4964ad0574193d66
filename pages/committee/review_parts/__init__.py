"""The parts of the review page, and what the ward sees of the committee's questions."""
