"""What answers say, about questions and about groups: pure figures, never about one person."""
