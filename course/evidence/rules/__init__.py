"""What an evidence pack holds, and how it is checked."""
