"""Every read: functions that take a session and return frozen dataclasses, one file a reader."""
