"""GIFT as others write it: each question is taken as it would stand here, or named with its line and the reason."""

from __future__ import annotations

from typing import Any

import pytest

from tests.question_exchange.makers import read, refused, taken

CHOICE = "{=Up#It flies. ~Down#It falls. ~Away#It is gone.}"


def option(text: str, reason: str | None, **more: Any) -> dict[str, Any]:
    return {"text": text, **more} if reason is None else {"text": text, **more, "reason": reason}


UP = [option("Up", "It flies.", correct=True), option("Down", "It falls."), option("Away", "It is gone.")]


@pytest.mark.parametrize(
    ("written", "stem", "options"),
    [
        (f"Where does a kite go? {CHOICE}", "Where does a kite go?", UP),
        (f"// a remark\n::Kites \\: one::[html]<p>Where does a <b>kite</b> go?</p>{CHOICE}", "Where does a **kite** go?", UP),
        # The word is missing inside a sentence, and escapes are characters again.
        (f"Kites go {CHOICE} in wind \\{{5\\~6\\}} \\= \\#1.", "Kites go _____ in wind {5~6} = #1.", UP),
        ("[markdown]Is *this* it? {\n=[html]<i>a</i>#r\n~b < c & d#s\n~[plain]<i>e</i>#t\n}", "Is *this* it?",
         [option("*a*", "r", correct=True), option("b < c & d", "s"), option("<i>e</i>", "t")]),
        # Feedback for all is the reason of options that have none.
        ("Where?{=Up#It flies. ~Down ~Away####Wind.}", "Where?",
         [option("Up", "It flies.", correct=True), option("Down", "Wind."), option("Away", "Wind.")]),
    ],
)  # fmt: skip
def test_a_question_with_one_answer_is_taken(written: str, stem: str, options: list[dict[str, Any]]) -> None:
    (draft,) = taken(written)
    assert (draft.data["form"], draft.data["stem"], draft.data["options"]) == ("one", stem, options)
    assert draft.todo == ()


def test_weights_make_a_question_of_all_that_apply_and_what_they_lose_is_said() -> None:
    several, partly = taken("Which?{~%60%a#r ~%40%b#s ~%-100%c#t}\n\nWhich?{=a#r ~%50%b#s ~%-25%c#t}")
    assert [o.get("correct", False) for o in several.data["options"]] == [True, True, False]
    assert several.data["form"] == "all"
    assert several.notes == ("The right options gave different points. Here each has to be chosen.",)
    assert [o.get("correct", False) for o in partly.data["options"]] == [True, False, False]
    assert partly.notes == (
        "“b” gave 50% of the points. Here it is wrong.",
        "Points that were taken off for wrong options are left out.",
    )


def test_lines_to_match_are_sorted_into_groups_or_put_in_order() -> None:
    text = (
        "$CATEGORY: $course$/top/Kites\n\n// [id:places] [tag:Mind the trees]\nSort.{=Beach -> Fine#lost\n=Wood -> Not fine\n"
        "=Field -> Fine\n= -> Never####Trees.}\n\nOrder.{=Fly -> 3 =Look up -> 1 =Hold on -> 2####Why.}"
    )
    groups, order = taken(text)
    assert (groups.number, groups.tags, groups.category, groups.line) == ("places", ("Mind the trees",), "Kites", 4)
    assert groups.data["groups"] == ["Fine", "Not fine"]
    assert [(o["text"], o["group"]) for o in groups.data["options"]] == [
        ("Beach", "Fine"), ("Wood", "Not fine"), ("Field", "Fine"),
    ]  # fmt: skip
    assert groups.notes == (
        "Feedback to a line to match was left out.",
        "Answers to which no line belongs were left out: Never.",
        "Options 1, 2, 3 had no feedback. The general feedback is their reason.",
    )
    assert [o["text"] for o in order.data["options"]] == ["Look up", "Hold on", "Fly"]
    assert order.notes[0] == "Lines that belong to 1, 2, 3 are to be put in order here."


@pytest.mark.parametrize(
    ("written", "todo"),
    [
        ("Kites fly.{TRUE#No, they do.#Yes.}", ["Write more options: it has 2, and needs at least 3."]),
        ("Kites swim.{F}", ["Write why options 1, 2 are right or wrong.",
                            "Write more options: it has 2, and needs at least 3."]),
        ("Where?{=Up ~Down#It falls. ~Away}", ["Write why options 1, 3 are right or wrong."]),
        ("Where?{=Up#r =High#s ~Away#t}", ["Say which one option is right: in the file 2 are."]),
        ("Where?{~%50%Up#r ~%50%High#s ~%0.5%Away#t}", ["Some options have to be right and some wrong."]),
        ("Where?{=Up#r ~#s ~Away#t}", ["Write the text of option 2."]),
        ("Where?{=[html]<img src\\=x alt\\='A kite'>#r ~b#s ~c#t}", []),
    ],
)  # fmt: skip
def test_what_an_author_has_to_finish_is_said(written: str, todo: list[str]) -> None:
    (draft,) = taken(written)
    assert list(draft.todo) == todo


@pytest.mark.parametrize(
    ("written", "kind", "reason"),
    [
        ("Who flies?{=Ana =Bo}", "shortanswer", "A word is typed as the answer"),
        ("Who flies?{Ana}", "shortanswer", "A word is typed as the answer"),
        ("How many?{#5:1}", "numerical", "A number is typed"),
        ("How many?{#=5:0#yes =%50%5:2#nearly}", "numerical", "A number is typed"),
        ("Why?{}", "essay", "a person marks it"),
        ("Why?{####Because.}", "essay", "a person marks it"),
        ("Read this first.", "description", "a text without a question"),
        ("Match.{=a -> 5 =b -> 6 =c -> 7 =d -> 8}", "matching", "belong to 4 different answers"),
        ("{=a#b ~c#d ~e#f}", "multichoice", "It has no text"),
        ("[html]What is this? <img src='a.png'>" + CHOICE, "multichoice", "no pictures in questions"),
        ("Where?{=Up ~Down", "broken", "A brace is missing"),
        ("Where?}=Up{", "broken", "A brace is missing"),
        ("Where {x} is {=a ~b}", "broken", "more than one pair of braces"),
        ("Where?{Up ~Down}", "broken", "no answer: each begins with = or ~"),
        ("Where?{=a -> b =c}", "broken", "A line to match has no ->"),
        ("Where?{Up=Down}", "broken", "no answer"),
        # [tag:form:timeline] is our own.
        ("// [tag:form:timeline]\nWhich?{~%100%a#b ~%-100%c#d ~%-100%e#f}", "multichoice", "It was a timeline"),
    ],
)
def test_what_cannot_be_taken_is_named_with_its_line_and_the_reason(written: str, kind: str, reason: str) -> None:
    one = refused(f"\n\n// nothing here\n\n{written}\n")
    assert (one.line - written.startswith("//"), one.kind) == (5, kind)
    assert reason in one.reason


def test_an_endless_number_is_passed_over() -> None:
    """Python refuses to read one."""
    text = "// [tag:form:sort] [tag:groups:{}]\n::A::Sort.{{=a -> x =b -> y =c -> x}}\n"
    (endless,), (plain,) = taken(text.format("1" * 5000)), taken(text.format("1-2"))
    assert endless.data == plain.data


def test_a_broken_question_takes_nothing_from_its_neighbours() -> None:
    found = read(f"One?{CHOICE}\r\n\r\nTwo?{{=a\r\n\r\nThree?{CHOICE}\r\n").questions
    assert [(one.name, one.line, hasattr(one, "data")) for one in found] == [
        ("One?", 1, True), ("Two?{=a", 3, False), ("Three?", 5, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("html", "stem", "note"),
    [
        ("<script>alert(1)</script>Go?", "Go?", "This was left out: <script>."),
        ("<a href='javascript:alert(1)'>Go</a>?", "Go?", "A link was left out: javascript:alert(1)."),
        ("<a href='https://example.org/a'>Go</a>?", "[Go](https://example.org/a)?", None),
        ("<span onclick='x()' style='color:red'>Go</span>?", "Go?", None),
        ("<iframe src='https://example.org'></iframe>Go?", "Go?", "This was left out: <iframe>."),
        ("Go? <img src='k.png' alt='A red kite'>", "Go? [A red kite]",
         "A picture was left out. Its description is kept: “A red kite”."),
        ("&lt;b&gt;Go&lt;/b&gt;?", r"<b>Go</b>?", None),
        ("<table><tr><td>Go</td><td>up?</td></tr></table>", "Go · up?", "A table is written as lines."),
    ],
)  # fmt: skip
def test_html_of_others_becomes_safe_text_and_what_is_left_out_is_said(html: str, stem: str, note: str | None) -> None:
    escaped = html.replace("=", "\\=").replace(":", "\\:").replace("#", "\\#")
    (draft,) = taken(f"[html]{escaped}{CHOICE}")
    assert draft.data["stem"].replace("\\", "") == stem
    assert draft.notes == ((note,) if note else ())
