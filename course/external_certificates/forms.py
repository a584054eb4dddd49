"""Uploading a certificate, and saying whose certificates count."""

from __future__ import annotations

from flask_wtf.file import FileField, FileRequired
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from course.people.forms import line_field
from course.web.forms import Form


class CertificateUploadForm(Form):
    file = FileField("The certificate, as PDF or as signed file (JSON)", [FileRequired("Choose the file.")])


class TrustIssuerForm(Form):
    profile = TextAreaField("The issuer’s profile", [InputRequired("Put the whole text of the profile here.")])
    reason = line_field("Reason", "Say in a few words why.")


class EndTrustForm(Form):
    reason = line_field("Reason", "Say in a few words why.")
