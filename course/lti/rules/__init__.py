"""What holds between the course and a learning platform (LTI 1.3), without a request or a database."""
