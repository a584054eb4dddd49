"""Experience API (xAPI): what learners do, as statements to a learning record store (LRS) of the organisation."""
