"""What connections do, and what is done to them, by subject."""
