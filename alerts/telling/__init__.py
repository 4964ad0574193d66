"""What lies behind a mail: read from the database inside the transaction that tells it."""
