"""The parts of the patient page: how the patient stands, the picture, entries, due times, reminders."""
