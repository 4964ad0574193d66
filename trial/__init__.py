"""The protocol's arithmetic, pure: calendar, windows, rules of the trial."""
