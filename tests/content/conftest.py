"""A translated course for the tests of translations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from course.translation import register_catalogue, remove_catalogue
from tests.content.test_validation import SAMPLE
from tests.support.pseudo_course import write_pseudo_translation
from tests.support.pseudo_language import PseudoCatalogue


@pytest.fixture
def modules(tmp_path: Path) -> Iterator[Path]:
    """The sample course, translated as a whole into a pseudo-language under the name of a real one; and the interface in the
    same language, which has the words that no author wrote."""
    register_catalogue("cy", PseudoCatalogue())
    yield write_pseudo_translation(SAMPLE, tmp_path, "cy")
    remove_catalogue("cy")
