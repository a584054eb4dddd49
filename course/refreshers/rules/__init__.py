"""What a refresher is made of: what somebody is likely to have forgotten, what has changed, and what must never be
forgotten. Pure: no clock, no database."""
