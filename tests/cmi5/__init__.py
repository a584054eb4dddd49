"""Launches by learning platforms."""
