"""Forms to upload a certificate, and to decide about trusted issuers."""

from __future__ import annotations

from flask_wtf.file import FileField, FileRequired
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from course.people.forms import line_field
from course.translation import lazy_gettext as _
from course.web.forms import Form


class CertificateUploadForm(Form):
    file = FileField(_("The certificate, as PDF or as signed file (JSON)"), [FileRequired(_("Choose the file."))])


class TrustIssuerForm(Form):
    profile = TextAreaField(_("The issuer’s profile"), [InputRequired(_("Paste all of the text of the profile."))])
    reason = line_field(_("Reason"), _("Enter a short reason."))


class EndTrustForm(Form):
    reason = line_field(_("Reason"), _("Enter a short reason."))
