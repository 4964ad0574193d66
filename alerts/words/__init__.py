"""What a mail says: one file for the mails of each kind of signal, built from typed values only."""
