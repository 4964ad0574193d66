"""What several screens share: access, fields, wording."""
