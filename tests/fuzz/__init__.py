"""Random requests to every route: in every run of the tests, and as many as are wanted with `make fuzz`."""
