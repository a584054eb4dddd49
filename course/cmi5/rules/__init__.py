"""cmi5 (Quartz, 1st edition): launches, the statements of a session, and the course structure. Pure."""
