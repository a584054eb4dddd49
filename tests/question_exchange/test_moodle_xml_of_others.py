"""Moodle XML as others write it, and files that are no such thing or ask for too much."""

from __future__ import annotations

import pytest

from course.question_exchange.rules.bank_question import BankFileError
from course.question_exchange.rules.file_reading import MAX_MEGABYTES, read_question_file
from course.question_exchange.rules.incoming import DraftQuestion, RefusedQuestion
from course.web.sandbox import FileRefusedError, read_in_sandbox
from tests.question_exchange.makers import read

FILE = """<?xml version="1.0" encoding="UTF-8"?>
<quiz>
<question type="category"><category><text>$course$/top/Kites/Wind</text></category></question>
<question type="multichoice">
 <name><text>Where kites go</text></name>
 <questiontext format="html"><text><![CDATA[<p>Wind is strong &amp; warm.</p><p>Where does a kite go?</p>]]></text></questiontext>
 <generalfeedback format="html"><text></text></generalfeedback>
 <correctfeedback format="html"><text>Well done, Ana.</text></correctfeedback>
 <single>true</single>
 <answer fraction="100" format="html"><text><![CDATA[<p dir="ltr">Up<br></p>]]></text>
  <feedback format="html"><text>Wind.</text></feedback></answer>
 <answer fraction="0" format="moodle_auto_format"><text>Down</text>
  <feedback format="html"><text>Weight.</text></feedback></answer>
 <answer fraction="0" format="html"><text>&lt;b&gt;Away&lt;/b&gt;</text>
  <feedback format="html"><text>No line.</text></feedback></answer>
 <hint format="html"><text>Look up.</text></hint>
 <tags><tag><text>Hold the line</text></tag><tag><text>spring</text></tag></tags>
</question>
<question type="truefalse"><name><text>Kites fly</text></name>
 <questiontext format="html"><text>Kites fly.</text></questiontext>
 <answer fraction="100"><text>true</text>
  <feedback><text>They do.</text></feedback></answer>
 <answer fraction="0"><text>false</text>
  <feedback><text>They do.</text></feedback></answer></question>
<question type="matching"><name><text>Places</text></name>
 <questiontext format="html"><text>Sort.</text></questiontext>
 <generalfeedback><text>Trees.</text></generalfeedback>
 <subquestion format="html"><text>Beach</text><answer><text>Fine</text></answer></subquestion>
 <subquestion format="html"><text>Wood</text><answer><text>Not fine</text></answer></subquestion>
 <subquestion format="html"><text>Field</text><answer><text>Fine</text></answer></subquestion></question>
<question type="ordering"><name><text>Steps</text></name>
 <questiontext format="html"><text>Order.</text></questiontext>
 <generalfeedback><text>First things first.</text></generalfeedback>
 <answer fraction="2"><text>Hold on</text></answer>
 <answer fraction="1"><text>Look up</text></answer>
 <answer fraction="3"><text>Fly</text></answer></question>
<question type="multichoice"><name><text>Picture</text></name>
 <questiontext format="html"><text><![CDATA[<img src="@@PLUGINFILE@@/k.png">]]></text>
 <file name="k.png" encoding="base64">iVBORw0KGgo=</file></questiontext><answer fraction="100"><text>a</text></answer></question>
<question type="shortanswer"><name><text>Who</text></name><questiontext><text>Who?</text></questiontext></question>
<question type="numerical"><name><text>How many</text></name><questiontext><text>How many?</text></questiontext></question>
<question type="essay"><name><text>Why</text></name><questiontext><text>Why?</text></questiontext></question>
<question type="cloze"><name><text>Gaps</text></name>
 <questiontext><text>{1:MULTICHOICE:=a~b} and {1:SHORTANSWER:=c}</text></questiontext></question>
<question type="calculated"><name><text>Sum</text></name><questiontext><text>{a} + {b}</text></questiontext></question>
</quiz>
"""


def test_each_question_is_taken_or_named() -> None:
    found = read(FILE).questions
    drafts = [one for one in found if isinstance(one, DraftQuestion)]
    choice, truth, groups, order = drafts
    assert (choice.line, choice.category, choice.tags) == (4, "Kites/Wind", ("Hold the line", "spring"))
    assert choice.data == {
        "form": "one", "intro": "Wind is strong & warm.", "stem": "Where does a kite go?", "options": [
            {"text": "Up", "correct": True, "reason": "Wind."}, {"text": "Down", "reason": "Weight."},
            {"text": "**Away**", "reason": "No line."}],
    }  # fmt: skip
    assert choice.notes == ("Feedback for right and wrong answers as a whole was left out.", "Hints were left out.")
    assert truth.todo == ("Write more options: it has 2, and needs at least 3.",)
    assert [option["group"] for option in groups.data["options"]] == ["Fine", "Not fine", "Fine"]
    assert [option["text"] for option in order.data["options"]] == ["Look up", "Hold on", "Fly"]
    refused = {one.name: one.reason for one in found if isinstance(one, RefusedQuestion)}
    assert list(refused) == ["Picture", "Who", "How many", "Why", "Gaps", "Sum"]
    assert "no pictures" in refused["Picture"]
    assert "“calculated”" in refused["Sum"]
    assert "inside its text" in refused["Gaps"]


NESTED = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
REFUSED = [
    (f'<!DOCTYPE quiz [<!ENTITY e0 "kite">{NESTED}]><quiz><question type="essay"><name><text>&e9;</text></name></question></quiz>',
     "document type"),
    ('<!DOCTYPE quiz [<!ENTITY f SYSTEM "file:///etc/passwd">]><quiz><question type="essay"><name>&f;</name></question></quiz>',
     "document type"),
    ('<!DOCTYPE quiz SYSTEM "http://127.0.0.1:1/x.dtd"><quiz/>', "document type"),
    ("<quiz>" + "<a>" * 5000, "not XML that can be read"),
    ("<quiz><question>", "not XML that can be read"),
    ("<html><body>Kites</body></html>", "not <quiz>"),
    ("<quiz></quiz>", "No question was found"),
    ("// only remarks\n", "No question was found"),
    ("", "No question was found"),
    ("Where\x00?{=a ~b}", "Line 1 has a character"),
    ("One?{}\n\nTwo\ufdd0?{}", "characters that no text can have"),
    ("Why?{}\n\n" * 1001, "more than 1000 questions"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), REFUSED, ids=range(len(REFUSED)))
def test_a_file_that_hides_entities_or_is_no_question_file_is_refused_as_a_whole(text: str, reason: str) -> None:
    with pytest.raises(BankFileError, match=reason):
        read_question_file(text.encode())


def test_what_stands_before_the_first_element_is_looked_through_once() -> None:
    """Each instruction doubled the ways to read those before it, so that 120 bytes kept a process busy."""
    for part in (b"<??>", b"<!---->", b"<?a?>\n<!-- b -->\n"):
        with pytest.raises(FileRefusedError):
            read_in_sandbox(read_question_file, b"<?xml version='1.0'?>" + part * 2000)
        with pytest.raises(FileRefusedError, match="declares a document type"):
            read_in_sandbox(read_question_file, b"<?xml version='1.0'?>" + part * 2000 + b"<!DOCTYPE quiz><quiz/>")


def test_a_file_in_another_encoding_or_too_large_is_refused() -> None:
    with pytest.raises(BankFileError, match=r"Line 3 is not UTF-8\. Save the file as UTF-8"):
        read_question_file("Why?{}\n\nWarum größer?{}".encode("latin-1"))
    with pytest.raises(BankFileError, match=f"larger than {MAX_MEGABYTES} MB"):
        read_question_file(b" " * (MAX_MEGABYTES * 1024 * 1024 + 1))


def test_html_that_is_nested_without_end_costs_one_question_and_not_the_process() -> None:
    deep = "<b>" * 100_000 + "Go?"
    files = f"[html]{deep}{{=a#r ~b#s ~c#t}}\n\nWhere?{{=Up#r ~Down#s ~Away#t}}".encode()
    found = read_in_sandbox(read_question_file, files)["questions"]
    assert ["reason" in one for one in found] == [True, False]
