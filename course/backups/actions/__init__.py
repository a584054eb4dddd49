"""Making, verifying and restoring backups, and moving a database to another engine."""
