"""Item analysis of questions and results of groups: pure figures, never about one person."""
