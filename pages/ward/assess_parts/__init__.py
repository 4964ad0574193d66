"""The parts of the assess page: what was answered, how it is asked, graded as it is typed, kept and saved."""
