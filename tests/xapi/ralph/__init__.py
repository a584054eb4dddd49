"""Ralph as a learning record store: what runs in an environment of its own, and how a test talks with it."""
