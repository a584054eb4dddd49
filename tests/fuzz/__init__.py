"""Random requests to every route: `make fuzz`, and fewer of them in every run of the tests."""
