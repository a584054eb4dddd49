"""make simulate: what a year of training leaves behind, with three ways of renewing it."""
