"""The forms with which questions are downloaded for another system, and looked at before they come from one."""

from __future__ import annotations

from flask_wtf.file import FileField
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # its stubs are older
from wtforms.validators import InputRequired

from course.content.library import Library
from course.content.rendering import text_language
from course.content.schema import SETTINGS
from course.translation import current_language
from course.translation import lazy_gettext as _
from course.web.forms import Form

_PATHWAYS = {"": _("All pathways")} | {str(name): words for name, words in SETTINGS.items()}
FORMAT_NAMES = {"gift": _("GIFT"), "moodle-xml": _("Moodle XML")}


class QuestionExportForm(Form):
    """Which questions, and in which format."""

    file_format = SelectField(_("Format"), choices=FORMAT_NAMES)
    module = SelectField(_("Module"))
    pathway = SelectField(_("Pathway"), choices=_PATHWAYS)

    def __init__(self, library: Library) -> None:
        super().__init__()
        self.module.choices = [SelectChoice("", _("All modules")), *_module_choices(library)]


class QuestionUploadForm(Form):
    """A file of questions, the module to which they would go, and the point of those that name none."""

    file = FileField(
        _("File of questions"),
        validators=[InputRequired(_("Choose a file."))],
        render_kw={"accept": ".txt,.gift,.xml"},
    )
    module = SelectField(_("Module"))
    point = SelectField(_("Learning point of questions that name none"))

    def __init__(self, library: Library) -> None:
        super().__init__()
        self._library = library
        self.module.choices = _module_choices(library)
        points = [_choice(point, library.points[point].title) for point in library.taught_points]
        self.point.choices = [SelectChoice("", _("None: I will add it to each")), *points]

    def validate(self, *args: object, **kwargs: object) -> bool:
        """Whether all is entered; a point has to be one of the chosen module."""
        if not super().validate(*args, **kwargs):
            return False
        module = self._library.modules[self.module.data]
        if self.point.data and self.point.data not in module.points:
            self.point.errors = [_("Choose a learning point of “%(module)s”.", module=module.title)]
        return not self.point.errors


def _module_choices(library: Library) -> list[SelectChoice]:
    return [_choice(module.id, module.title) for module in library.modules.values()]


def _choice(value: str, title: str) -> SelectChoice:
    """An option with a title of the course, which is in the language of its file on every page."""
    language = text_language(title)
    return SelectChoice(value, title, {} if language == current_language() else {"lang": language})
