"""cmi5: learning platforms launch the course as a remote assignable unit, and are told what became of it."""
