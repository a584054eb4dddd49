"""Services of learning platforms: which score is sent when (AGS), and what members of a course become (NRPS). Pure."""
