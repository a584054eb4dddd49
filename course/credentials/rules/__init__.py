"""Open Badges 3.0 credentials: what they say, how they are signed, and how one is checked."""
