"""Forms for uploading a list and for mapping its columns."""

from __future__ import annotations

from collections.abc import Sequence

from flask_wtf.file import FileField
from wtforms import BooleanField, SelectField
from wtforms.validators import InputRequired

from course.people.forms import clean_line
from course.people_import.rules.columns import FIELDS, mapping_error
from course.translation import lazy_gettext as _
from course.web.forms import Form


class ImportUploadForm(Form):
    file = FileField(
        _("Excel or CSV file"),
        validators=[InputRequired(_("Choose a file."))],
        render_kw={"accept": ".xlsx,.xlsm,.csv,.txt,.tsv,.zip"},
    )


class _ColumnsForm(Form):
    base = SelectField(_("New teams are added"), filters=[clean_line])
    invites = BooleanField(_("E-mail an invitation to everyone who is added or returns"))

    def chosen(self) -> dict[str, int]:
        """For each mapped field the index of its column."""
        return {name: int(self[name].data) for name in FIELDS if self[name].data}

    def validate(self, *args: object, **kwargs: object) -> bool:
        if not super().validate(*args, **kwargs):
            return False
        wrong = mapping_error(self.chosen())
        if wrong is not None:
            self[wrong[0]].errors = [wrong[1]]
        return wrong is None


def columns_form(headings: Sequence[str], **data: object) -> _ColumnsForm:
    """A select of the headings for each field."""
    choices = {"": _("Not in the list")} | {str(index): heading for index, heading in enumerate(headings)}
    fields = {name: SelectField(words, choices=choices, filters=[clean_line]) for name, words in FIELDS.items()}
    form: _ColumnsForm = type("ColumnsForm", (_ColumnsForm,), fields)(data=data)
    return form
