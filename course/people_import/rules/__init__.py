"""A list of people from any HR system: what is in the file, which column is what, and what each row would do."""
