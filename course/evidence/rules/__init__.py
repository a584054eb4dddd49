"""The contents of an evidence pack, and how a pack is verified."""
