"""The form for the code of a colleague."""

from __future__ import annotations

from wtforms import StringField
from wtforms.validators import Length

from course.pairs.rules import parse_code
from course.translation import lazy_gettext as _
from course.web.forms import Form, RequiredInput

_NO_CODE = _("Enter the six digits on your colleague’s screen.")


class PairCodeForm(Form):
    code = StringField(
        _("Your colleague’s code"),
        [RequiredInput(_NO_CODE), Length(max=40, message=_NO_CODE)],
        render_kw={"inputmode": "numeric", "autocomplete": "off", "maxlength": 9, "class": "code"},
    )

    def parsed(self) -> str | None:
        """The six digits; None with an error at the field."""
        code = parse_code(self.code.data or "")
        if code is None:
            self.code.errors = [_NO_CODE]
        return code
