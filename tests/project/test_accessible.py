"""What the test client says of pages that are wrong for people who do not see them, or have no mouse."""

from __future__ import annotations

import html5lib
import pytest

from tests.support.accessible import faults

RIGHT = """<html lang="en"><title>Error: A form</title><main><h1>A form</h1>
<div id="mistakes" role="alert" tabindex="-1" autofocus><a href="#name">Enter a name.</a><a href="#kind">Choose one.</a></div>
<div class="field"><label for="name">Name</label><p class="hint" id="name-hint">In full.</p>
<p class="mistake" id="name-mistake">Enter a name.</p><input id="name" aria-describedby="name-hint name-mistake"></div>
<fieldset class="field" id="kind" tabindex="-1" aria-describedby="kind-hint">
<p class="hint" id="kind-hint">One.</p><input></fieldset>
<h2>More</h2><h3>Still more</h3><h2>The rest</h2><progress aria-label="Progress"></progress>
<table><tr><th scope="col">When</th></tr></table>
<a href="/pdf">Download <svg></svg> as PDF<span class="hide">: certificate 7</span></a></main></html>"""


def _faults(page: str) -> list[str]:
    return faults(html5lib.parse(page, namespaceHTMLElements=False))


def test_nothing_is_said_of_a_page_that_is_right() -> None:
    assert _faults(RIGHT) == []


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("Error: A form", "A form", "the title does not begin with 'Error: '"),
        (' lang="en"', ' lang="cy"', "the title does not begin with 'Gwall: '"),
        (" autofocus", "", "the summary of mistakes does not get the focus"),
        ('href="#name"', 'href="#mane"', "a mistake leads to #mane, which cannot have the focus"),
        ('id="kind" tabindex="-1"', 'id="kind"', "a mistake leads to #kind, which cannot have the focus"),
        ('for="name"', 'for="mane"', "the for of <label> names 'mane', which is not there"),
        ('name-hint name-mistake"', 'name-hint"', "no field is described by 'Enter a name.'"),
        (' aria-describedby="kind-hint"', "", "no field is described by 'One.'"),
        ("<h2>More</h2>", "", "<h3> follows <h1>: 'Still more'"),
        (' aria-label="Progress"', "", "a progress bar has no name"),
        (' scope="col"', "", "a heading of a table has no scope: 'When'"),
        ('<h2>More</h2>', '<h2>More</h2><p role="alert">Nothing was done.</p>',
         "the alert 'Nothing was done.' does not get the focus"),
        (' href="/pdf"', ' href="/pdf" aria-label="Certificate 7"', "'Certificate 7' is said of 'Download as PDF: certificate 7'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(right: str, wrong: str, said: str) -> None:
    assert RIGHT.count(right) == 1
    assert _faults(RIGHT.replace(right, wrong)) == [said]
