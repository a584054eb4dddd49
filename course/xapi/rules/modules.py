"""Which modules somebody completed after the store was set up."""

from __future__ import annotations

from course.content.library import Library
from course.learning.rules.progress import ProgressFacts, progress


def modules_done_since(library: Library, before: ProgressFacts, now: ProgressFacts) -> tuple[str, ...]:
    """The ids of the modules that are complete by the facts `now` and were not by those `before`, in the order of the course."""
    earlier = {one.module.id for one in progress(library, before).modules if one.done}
    return tuple(one.module.id for one in progress(library, now).modules if one.done and one.module.id not in earlier)
