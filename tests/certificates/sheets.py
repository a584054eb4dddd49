"""Certificates to be set as PDF, and how their text is read."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime

from PIL import Image

from course.certificates.pdf import PrintedCertificate
from course.organisation.rules.logos import clean_logo
from tests.support.postgres import apt_install

SHEET = PrintedCertificate(
    name="Sam Okafor",
    course="Online abuse: learning from case reviews",
    organisation="Riverside Trust",
    edition="0.3",
    version="0123456789abcdef0123",
    number="K7QM-2FXA-9TRC",
    completed="22 November 2026",
    valid="22 November 2027",
    notice="An independent course.",
    pathway="Early years",
    length="about 3 hours",
    sections=("Background", "Policy", "When contact goes wrong"),
    check="https://training.example.org/verify/K7QM-2FXA-9TRC",
    issued=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
)

# All invented. Each is to be set in full, and to be copied out of the PDF as it was written.
NAMES = {
    "Latin": "Åse Ødegård-Müller",
    "Vietnamese": "Nguyễn Thị Minh Khai",
    "Vietnamese in pieces": "Nguye\u0302\u0303n Thi\u0323 Minh Khai",
    "Greek": "Οδυσσέας Ἀθηνᾶ",
    "Cyrillic": "Иван Ђорђевић Їжак",
    "Arabic": "فاطمة الزهراء بنت محمد",
    "Arabic ligatures": "عبد الله لاشين",
    "Urdu": "ٹیپو ڈگلس ھے",
    "Hebrew": "שרה לאה כהן",
    "Devanagari": "श्रीलक्ष्मी क्षत्रिय",
    "Bengali": "শ্রীমতী রবীন্দ্রনাথ",
    "Devanagari with a joiner": "र\u200d्या क्\u200dष",
    "Bengali with a joiner": "র\u200d্যাব",
    "Gurmukhi": "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ",
    "Tamil": "சுப்பிரமணியன் லக்ஷ்மி",
    "Chinese": "李明 欧阳娜娜",
    "Chinese, traditional": "陳大文 歐陽",
    "Rare Han": "𠮷野 㐂",
    "Han with a variant": "葛\U000e0100城",
    "Japanese": "山田 はなこ",
    "Korean": "김민준 박서연",
    "Several scripts": "Sara 李 Κώστας",
}
# Marks above and below: a program that copies text may repeat them, so the file says the name in another way too.
MARKED = {
    "Yoruba": "Ọlájùmọ̀kẹ́ Ṣàngódélé",
    "Arabic with vowels": "مُحَمَّد شَرِيف",
    "Hebrew with points": "שָׂרָה לֵאָה",
    "Persian with a joiner": "پروانه می\u200cخواهم",
    "Devanagari with an accent": "Sam क\u0301मल",
}
# What stands on the page for a name with characters of which no font has the letter.
BOXED = {
    "emoji": ("Sam 😀 Okafor", "Sam □ Okafor"),
    "emoji of several signs": ("Sam 👨\u200d👩\u200d👧", "Sam □□□"),
    "emoji of which one part has a letter": ("Sam 👩\u200d⚕", "Sam □⚕"),
    "Sinhala with a joiner": ("ශ්\u200dරී Sam", "□□ Sam"),
    "Ethiopic with an accent": ("አ\u0301 Sam", "□ Sam"),
    "emoji on a digit": ("Sam 1\u20e3", "Sam 1□"),
    "Ethiopic": ("አበበ Sam", "□□□ Sam"),
    "private use": ("Sam \ue000", "Sam □"),
    "half a character": ("Sam \ud800", "Sam �"),
}


def named(name: str) -> PrintedCertificate:
    """The certificate of somebody with this name."""
    return replace(SHEET, name=name)


def text(data: bytes) -> str:
    """The text that a program copies out of a PDF, one space for each gap.

    By pdftotext, since it puts what is written from right to left into the order in which it is read.
    """
    if shutil.which("pdftotext") is None:
        apt_install("poppler-utils")
    done = subprocess.run(["pdftotext", "-", "-"], input=data, capture_output=True, check=True)
    # It marks the direction of what it found.
    return re.sub(r"\s+", " ", re.sub("[\u202a-\u202e]", "", done.stdout.decode()))


LOGOS = ("RGB", "RGBA", "L", "LA", "P")  # what the colours of a picture can be


def picture(kind: str, size: tuple[int, int] = (480, 160)) -> bytes:
    """A logo as it is kept: written anew by us."""
    out = io.BytesIO()
    Image.new(kind, size, 1).save(out, "PNG")
    return clean_logo(out.getvalue())
