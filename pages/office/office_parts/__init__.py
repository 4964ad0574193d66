"""What the office pages share."""
