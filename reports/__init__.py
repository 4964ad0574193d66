"""The committee report and other documents that leave the program."""
