"""Read what the API gives: each list a page at a time, by ascending id, of those about whom the token is."""
