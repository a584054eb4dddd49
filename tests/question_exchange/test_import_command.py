"""Questions of a file become files of a content folder that the course can read, and nothing that is there is changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from flask.testing import FlaskCliRunner

from course.content.library import load_library
from course.question_exchange.rules.planning import ImportTarget, QuestionPlan, plan_import, taken_ids
from tests.content.test_translation_commands import content_app
from tests.content.test_validation import SAMPLE
from tests.question_exchange.makers import again, read, taken

KITES = load_library(SAMPLE)
QUIZ = """// [id:storm] [tag:Hold the line] [tag:spring]
::Storm::A storm is near. What now?{=Land it now#In time. ~Fly higher#It is lost. ~Wait and see#It is late.}

// [id:gust]
::Gust::A gust comes. Which is best?{=Walk back#Calm. ~Run off#You fall. ~Sit down#You see less.}

::Kites fly::Kites fly.{T}

::Why::Why do kites fly?{}
"""


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> FlaskCliRunner:
    """Commands on a course about kites."""
    return content_app(tmp_path_factory.mktemp("kites"), SAMPLE).test_cli_runner()


def import_file(runner: FlaskCliRunner, folder: Path, text: str, *more: str) -> Result:
    file = folder / "Week 1.gift.txt"
    file.write_text(text, encoding="utf-8")
    return runner.invoke(args=["content", "questions", "import", str(file), "--module", "kites", *more])


def plan(text: str, *points: str) -> QuestionPlan:
    target = ImportTarget(
        KITES.modules["kites"], points, KITES.points, KITES.answerable, taken_ids(KITES.modules.values())
    )
    return plan_import(read(text), target)


def test_a_question_gets_its_points_by_tag_or_by_choice_and_an_id_that_is_free() -> None:
    storm, gust, truth = plan(QUIZ, "mind-the-trees").questions
    assert (storm.state, storm.data["id"], storm.data["points"]) == ("ready", "storm", ["hold-the-line"])
    assert storm.notes == ("Tags that the course does not know were left out: spring.",)
    assert (gust.state, gust.data["id"], gust.data["points"]) == ("ready", "gust-2", ["mind-the-trees"])
    assert "The id “gust” is taken, so this one is “gust-2”." in gust.notes
    assert (truth.state, truth.data["id"], truth.question) == ("draft", "kites-fly", None)
    lacking = plan(QUIZ).questions[1]
    assert (lacking.state, lacking.todo) == ("draft", ("Name a learning point of the module.",))


def test_what_the_content_check_would_refuse_is_to_be_finished_and_what_is_there_is_not_taken_twice() -> None:
    flawed = "// [tag:hold-the-line]\nWhich should you NOT do?{=Let the string go#r ~Hold on#s ~Hold tight#t ~a#u ~b#v}"
    twice = "// [tag:hold-the-line]\nWhat now?{=Hold on#r ~Fall#s ~Fall#t}"
    first, second, third = plan(f"{flawed}\n\n{twice}\n\n{twice}").questions
    assert first.todo == ("a question with one best answer has three or four options",)
    assert second.todo == ("this option stands here twice",)
    assert (second.data["id"], third.data["id"]) == ("what-now", "what-now-2")
    export = (SAMPLE / "kites" / "questions.yaml").read_text()
    assert "- id: gust" in export
    same = "// [id:gust] [tag:form:one] [tag:point:hold-the-line]\n"
    same += "A gust comes. What do you do?{=Hold on#It stays. ~Let go#It leaves. ~%s}"
    present, changed = plan(
        f"{same % 'Shut your eyes#You see nothing.'}\n\n{same % 'Look away#You see nothing.'}"
    ).questions
    assert (present.state, changed.state, changed.data["id"]) == ("present", "ready", "gust-2")


def test_questions_go_to_a_copy_of_the_content_in_use_that_the_course_reads(
    runner: FlaskCliRunner, tmp_path: Path
) -> None:
    folder = tmp_path / "our-content"
    done = import_file(runner, tmp_path, QUIZ, "-o", str(folder), "--point", "mind-the-trees")
    assert done.exit_code == 2, done.output
    loaded = load_library(folder)
    assert loaded.questions.keys() - KITES.questions.keys() == {"storm", "gust-2"}
    assert loaded.questions["storm"] == again(
        taken(QUIZ.split("\n\n")[0].replace("[tag:Hold the line]", "[tag:point:hold-the-line]"))[0]
    )
    assert {one: loaded.questions[one] for one in KITES.questions} == KITES.questions
    draft = (folder / "kites" / "questions" / "imported-week-1.yaml.draft").read_text(encoding="utf-8")
    assert "# To do: Write why options 1, 2 are right or wrong." in draft
    assert "# Line 9: Why (essay). A text is written as the answer" in draft
    for line in ("line 7, kites-fly: Write more options", "line 9, Why (essay): A text", "line 2, storm: Tags that"):
        assert line in done.output
    # A second time nothing is written over; under another name only what is new would come.
    again_done = import_file(runner, tmp_path, QUIZ, "-o", str(folder))
    assert (again_done.exit_code, "is there already" in again_done.output) == (1, True)
    assert load_library(folder).version == loaded.version


@pytest.mark.parametrize(
    ("text", "arguments", "reason"),
    [
        ("<!DOCTYPE quiz><quiz/>", (), "declares a document type"),
        (
            QUIZ,
            ("--point", "keep-calm"),
            "'keep-calm' is no learning point of kites: it has hold-the-line, mind-the-trees",
        ),
        (QUIZ, ("--module", "boats"), "There is no module 'boats'"),
        (QUIZ, ("-o", "."), "has other things in it"),
    ],
)
def test_what_cannot_be_done_changes_nothing_and_says_why(
    runner: FlaskCliRunner, tmp_path: Path, text: str, arguments: tuple[str, ...], reason: str
) -> None:
    folder = tmp_path / "our-content"
    done = import_file(runner, tmp_path, text, "-o", str(folder), *arguments)
    assert (done.exit_code, reason in done.output, folder.exists()) == (1, True, False), done.output


def test_an_export_names_what_it_could_not_hold_and_writes_over_no_file(runner: FlaskCliRunner, tmp_path: Path) -> None:
    file = tmp_path / "kites.xml"
    arguments = ["content", "questions", "export", "--format", "gift", "-o", str(file), "--module", "kites"]
    done = runner.invoke(args=[*arguments, "--pathway", "leaders"])
    assert done.exit_code == 0, done.output
    written = {one.number for one in taken(file.read_text(encoding="utf-8").replace("form:timeline", "form:all"))}
    # It plays in schools and clubs, and a leader is not asked it; the first words have parts, which GIFT cannot hold.
    assert written == KITES.answerable.keys() - {"the-note-on-the-gust", "first-words-to-ana"}
    assert "Left out (1): GIFT has no question that is put together from parts." in done.output
    assert "first-words-to-ana" in done.output
    assert file.stat().st_mode & 0o077 == 0
    assert runner.invoke(args=arguments).exit_code == 1
    assert "is there already" in runner.invoke(args=arguments).output
