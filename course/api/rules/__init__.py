"""What the API says: its answers, its parameters, its addresses, and the document that describes them. Pure."""
