"""What became of an answer or a decision that a learner sent."""

from __future__ import annotations

# Saved; the same as the one saved before (a second click); different from the one saved before, which counts.
SAVED, DUPLICATE, CONFLICT = "kept", "same", "other"
SAVED_OPEN = "kept, open"  # saved, and another question of the attempt has no answer yet
