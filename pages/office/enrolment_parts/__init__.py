"""The parts of the enrolment page."""
