"""A logo that somebody uploads: really decoded, and written anew, so that no byte of the upload is kept."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

MOST_BYTES = 1024 * 1024
MOST_PIXELS = 16_000_000
SIZE = (480, 160)  # at most, in pixels


class LogoError(ValueError):
    """The upload cannot be taken; the message says why, to whoever uploaded it."""


def clean_logo(data: bytes) -> bytes:
    """The picture as PNG of at most 480 × 160 pixels, without anything that the upload held besides.

    Raises LogoError for what is no PNG or JPEG, is broken, moves, or is too large.
    """
    if not data:
        raise LogoError("Choose a file first.")
    if len(data) > MOST_BYTES:
        raise LogoError("The file is larger than 1 MB. Save the logo smaller, 480 pixels wide is enough.")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
            return _written_anew(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except LogoError:
        raise
    # A broken file makes the decoder raise almost anything: a TypeError for a text where a resolution belongs.
    except Exception as error:
        raise LogoError(
            "This is no PNG or JPEG picture, or it is broken. Save the logo as PNG and try again."
        ) from error


def _too_many_pixels() -> LogoError:
    return LogoError(f"The picture has more than {MOST_PIXELS // 1_000_000} million pixels. Save the logo smaller.")


def _written_anew(picture: Image.Image) -> bytes:
    # Size and number of pictures stand in the head of the file: nothing is unpacked before they are known.
    if picture.width * picture.height > MOST_PIXELS:
        raise _too_many_pixels()
    if getattr(picture, "n_frames", 1) > 1:
        raise LogoError("The file holds more than one picture. Save the logo as one still picture.")
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    upright.thumbnail(SIZE, Image.Resampling.LANCZOS)
    clean = Image.new("RGBA", upright.size)
    clean.paste(upright)
    found = io.BytesIO()
    clean.save(found, "PNG", optimize=True)
    return found.getvalue()
