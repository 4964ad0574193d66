"""The records: tables, the one gate for input, sessions, every read, migrations."""
