"""Reading: all that is held about somebody (held), and who has what to lose by which schedule (going)."""
