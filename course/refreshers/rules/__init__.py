"""The rules of refreshers, boosters and updates: what a person is likely to have forgotten, what has changed since they
completed the course, and what is safety-critical and asked every time. Pure: no clock, no database."""
