"""Open Badges 3.0 credentials: their contents, their signatures, and their verification."""
