"""Reading for data protection: the data about a person (subject_data), and what is due for erasure (retention_due)."""
