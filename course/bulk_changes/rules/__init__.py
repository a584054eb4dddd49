"""Changing many people together: which people a list shows, and what a change would do to each. Pure."""
