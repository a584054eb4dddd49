"""What is known of connections, their users and groups, by subject."""
