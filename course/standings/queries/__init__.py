"""Reading standings, by subject."""
