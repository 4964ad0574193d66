"""Every write that a person causes: one function, one transaction, one audit event."""
