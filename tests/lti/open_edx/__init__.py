"""Open edX as a platform: what runs in an environment of its own, and how a test talks with it."""
