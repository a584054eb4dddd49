"""The final assessment of a package: how many questions it asks on each point, and the pieces of its pages."""

from __future__ import annotations

from course.content.library import SECONDS_PER_QUESTION
from course.scorm.page_html import PackageScope, macros
from course.translation import gettext as _
from course.web.template_filters import format_minutes


def final_counts(scope: PackageScope) -> list[list[object]] | None:
    """How many questions one try asks on each point, as [point, count]; None for a package of one module, which has no final
    assessment."""
    if not scope.is_whole:
        return None
    return [[point, scope.library.final_questions(point)] for point in scope.library.taught_points]


def final_minutes(scope: PackageScope) -> float:
    """How many minutes the first try takes; 0 for a package of one module."""
    points = scope.library.taught_points if scope.is_whole else ()
    return sum(map(scope.library.final_questions, points)) * SECONDS_PER_QUESTION / 60


def final_words(scope: PackageScope) -> dict[str, object]:
    """What the player says in the final assessment, and the frames of its pages; empty for a package of one module."""
    if not scope.is_whole:
        return {}
    pieces = macros("scorm/final.html")
    library, pass_mark = scope.library, scope.library.course.pass_mark
    points = range(len(library.taught_points) + 1)
    most = sum(map(library.final_questions, library.taught_points))
    return {
        "final": {
            "title": _("Final assessment"),
            "strip": str(pieces.strip()),
            "startPage": str(pieces.start_page()),
            "all": str(pieces.all_points()),
            "open": [str(pieces.open_points(count)) for count in points],
            "minutes": [format_minutes(count * SECONDS_PER_QUESTION / 60) for count in range(most + 1)],
            "rules": str(pieces.rules(pass_mark)),
            "waiting": str(pieces.waiting()),
            "passedState": _("You have passed. Your learning platform has the result."),
            "failed": _("You have not passed yet. The next try asks only about the points that are still open."),
            "start": _("Start the assessment"),
            "carryOn": _("Carry on at question %(position)s", position="{number}"),
            "remaining": _("Answer the remaining questions"),
            "resultPage": str(pieces.result_page()),
            "passed": _("You have passed"),
            "notYet": _("Not passed yet"),
            "line": str(pieces.line(len(library.taught_points), pass_mark)),
            "critical": [str(pieces.critical_points(count)) for count in points],
            "again": f"<p>{_('These points are worth reading again:')}</p>",
            "next": "<p>{}</p>".format(
                _("The next try asks only these points, with other questions as long as there are any. What you got "
                  "right stays right.")
            ),
            "tryAgain": _("Try these points again"),
            "held": "<p>{}</p>".format(
                _("Where a mistake could put a child at risk, the reasons come once the point is right, since you will "
                  "be asked about it again. Its page says what to know.")
            ),
            "rightRow": str(pieces.answer_row(True)),
            "wrongRow": str(pieces.answer_row(False)),
            "heldRow": str(pieces.held_row()),
        }
    }  # fmt: skip
