"""Statements to a learning record store."""
