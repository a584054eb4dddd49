"""Uploaded logos: decoded and encoded again, so that no byte of the upload is stored."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

from course.translation import lazy_gettext as _

MAX_LOGO_BYTES = 1024 * 1024
MAX_LOGO_PIXELS = 16_000_000
MAX_LOGO_SIZE = (480, 160)  # at most, in pixels


class LogoRefusedError(ValueError):
    """The upload is refused; the message gives the reason to the person who uploaded it."""


def clean_logo(data: bytes) -> bytes:
    """The picture as PNG of at most MAX_LOGO_SIZE pixels, without any other data of the upload.

    Raises LogoRefusedError for a file that is no PNG or JPEG, is broken, is animated, or is too large.
    """
    if not data:
        raise LogoRefusedError(_("Choose a file first."))
    if len(data) > MAX_LOGO_BYTES:
        raise LogoRefusedError(_("The file is larger than 1 MB. Save the logo smaller, 480 pixels wide is enough."))
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
            return _reencode_picture(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels_error() from error
    except LogoRefusedError:
        raise
    # A broken file makes the decoder raise almost any exception: a TypeError for a text in place of a resolution.
    except Exception as error:
        raise LogoRefusedError(
            _("This is no PNG or JPEG picture, or it is broken. Save the logo as PNG and try again.")
        ) from error


def _too_many_pixels_error() -> LogoRefusedError:
    return LogoRefusedError(
        _(
            "The picture has more than %(max_logo_pixels)s million pixels. Save the logo smaller.",
            max_logo_pixels=MAX_LOGO_PIXELS // 1_000_000,
        )
    )


def _reencode_picture(picture: Image.Image) -> bytes:
    # Size and number of pictures are in the file header: nothing is decoded before they are checked.
    if picture.width * picture.height > MAX_LOGO_PIXELS:
        raise _too_many_pixels_error()
    if getattr(picture, "n_frames", 1) > 1:
        raise LogoRefusedError(_("The file holds more than one picture. Save the logo as one still picture."))
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    upright.thumbnail(MAX_LOGO_SIZE, Image.Resampling.LANCZOS)
    clean = Image.new("RGBA", upright.size)
    clean.paste(upright)
    output = io.BytesIO()
    clean.save(output, "PNG", optimize=True)
    return output.getvalue()
