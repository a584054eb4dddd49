"""The drawings of the modules."""

from __future__ import annotations

from typing import get_args

from flask import Flask

from course.content.schema import Motif


def test_each_motif_that_a_module_may_name_has_a_drawing_of_its_own(app: Flask) -> None:
    module = app.jinja_env.get_template("components/motif.html").module
    drawings = module.drawings  # type: ignore[attr-defined]
    assert set(get_args(Motif)) <= set(drawings)
    assert len(set(drawings.values())) == len(drawings)


def test_a_motif_is_hidden_from_screen_readers_and_dimmed_while_it_is_ahead(app: Flask) -> None:
    source = '{% from "components/motif.html" import motif %}{{ motif("two-mugs", off=true) }} {{ hue(9) }}'
    html = app.jinja_env.from_string(source).render()
    assert 'class="motif off"' in html
    assert 'aria-hidden="true"' in html
    assert html.endswith(" m1")
