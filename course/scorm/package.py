"""A SCORM package of the course, or of one module: pages, questions, stories and the player, as one zip."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from course.content.library import Library
from course.content.rendering import label_html
from course.content.schema import Module, Question
from course.db import assert_outside_unit_of_work
from course.scorm import final_pieces, page_html, question_pieces, story_pieces
from course.scorm.page_html import PackageScope
from course.scorm.rules.manifest import MANIFEST, ManifestFacts, Version, manifest, unfit_names
from course.scorm.rules.schema_files import SCHEMA_NAMES
from course.translation import SOURCE_LANGUAGE, use_language
from course.translation import gettext as _
from course.web.static_files import joined_style_sheet, served_script

STATIC = Path(__file__).resolve().parents[1] / "static"
PLAYER = Path(__file__).resolve().parent / "player"
# What pages of the course use and the player uses with them.
FONTS = (
    "atkinson-next.woff2",
    "atkinson-next-ext.woff2",
    "literata-display.woff2",
    "atkinson-OFL.txt",
    "literata-OFL.txt",
)
SCRIPTS = ("order.js", "parts.js", "timeline.js")
# The same content gives the same bytes.
FILE_TIME = (2020, 1, 1, 0, 0, 0)


def make_package(
    library: Library,
    version: Version,
    module_id: str | None,
    schemas: Mapping[str, bytes],
    language: str = SOURCE_LANGUAGE,
) -> bytes:
    """The package as the bytes of a zip file.

    `library` is a variant (a pathway and a nation); `module_id` None means the whole course. `schemas` are schema files by
    their names, or empty. What is not translated into `language` is in English. Needs a request context for addresses, and
    takes a second or two. Raises LookupError if there is no such module.
    """
    assert_outside_unit_of_work("making a SCORM package")
    if module_id is not None and module_id not in library.modules:
        raise LookupError(_("There is no module “%(module)s” on this pathway.", module=module_id))
    library = library.in_language(language)
    modules = tuple(library.modules.values()) if module_id is None else (library.modules[module_id],)
    with use_language(language):
        scope = PackageScope(library, modules)
        files = package_files(scope, version)
        spoken = "" if language == SOURCE_LANGUAGE else language.lower()
    identifier = "-".join(filter(None, ("course", library.pathway, library.nation, module_id, spoken)))
    facts = ManifestFacts(
        version, identifier, scope.title, library.course.pass_mark, tuple(sorted({**files, **schemas}))
    )
    # Schema files refer to each other by the names that they have.
    if unfit := unfit_names([name for name in facts.files if name not in SCHEMA_NAMES]):
        raise ValueError(f"These names cannot be in a package: {', '.join(unfit)}")
    return _zipped({MANIFEST: manifest(facts).encode(), **dict(sorted({**files, **schemas}.items()))})


def package_files(scope: PackageScope, version: Version) -> dict[str, bytes]:
    """All files of a package by their names, without the manifest and schema files."""
    files = {"css/site.css": joined_style_sheet(STATIC).encode(), "icon.svg": (STATIC / "icon.svg").read_bytes()}
    files |= {f"fonts/{name.lower()}": (STATIC / "fonts" / name).read_bytes() for name in FONTS}
    scripts = [STATIC / "js" / name for name in SCRIPTS] + sorted(PLAYER.glob("*.js"))
    files |= {f"js/{path.name}": served_script(path.read_text(encoding="utf-8")).encode() for path in scripts}
    for module in scope.modules:
        for step in module.steps:
            if step.kind == "page":
                name = page_html.page_file(module.id, step.id)
                files[name] = page_html.lesson_html(scope, module, module.pages[step.id]).encode()
        files[f"modules/{module.id}.json"] = _json(module_data(scope, module))
    files["course.json"] = _json(course_data(scope, version))
    files["index.html"] = page_html.index_html(scope, final_pieces.final_minutes(scope)).encode()
    return files


def module_data(scope: PackageScope, module: Module) -> dict[str, object]:
    """What the player needs of a module besides its pages: questions, timelines and stories."""
    library = scope.library
    return {
        "questions": {
            question.id: question_pieces.question_data(scope, question, library.is_critical(question))
            for question in module.questions
        },
        "timelines": {
            step.id: question_pieces.timeline_data(scope, module, module.timelines[step.id])
            for step in module.steps if step.kind == "timeline"
        },
        "stories": {
            step.id: story_pieces.story_data(scope, module, module.scenarios[step.id])
            for step in module.steps if step.kind == "scenario"
        },
    }  # fmt: skip


def course_data(scope: PackageScope, version: Version) -> dict[str, object]:
    """What the player needs at its start: the structure of the course, the rules of its checks, and what is said where."""
    questions = [question for module in scope.modules for question in module.questions]
    return {
        "version": version,
        **course_structure(scope),
        "words": {
            **page_html.player_words(), **question_pieces.answer_words(), **story_pieces.story_words(),
            **final_pieces.final_words(scope),
        },
        "shells": {**question_pieces.answer_shells(questions), **question_pieces.order_shells(questions)},
    }  # fmt: skip


def course_structure(scope: PackageScope) -> dict[str, object]:
    """The modules with their steps, points and questions, and the rules of their checks. A kept state rests on it."""
    library, course = scope.library, scope.library.course
    points = sorted({point for module in scope.modules for point in module.points})
    return {
        "print": _fingerprint(scope),
        "title": scope.title,
        "passMark": course.pass_mark,
        "checkQuestions": course.check_questions,
        "checkPerPoint": course.check_per_point,
        "final": final_pieces.final_counts(scope),
        "critical": [point for point in points if library.points[point].safety_critical],
        "points": {point: str(label_html(library.points[point].title)) for point in points},
        "pageOf": {
            point: "/".join(library.pages_by_point[point]) for point in points if point in library.pages_by_point
        },
        "modules": [_module_structure(scope, module) for module in scope.modules],
    }


def _module_structure(scope: PackageScope, module: Module) -> dict[str, object]:
    steps: list[dict[str, object]] = []
    for step in page_html.module_steps(module):
        steps.append({"id": step.id, "kind": step.kind, "title": str(label_html(step.title))})
        if step.kind == "page" and (notes := page_html.note_ids(module.pages[step.id])):
            steps[-1]["notes"] = notes
        if step.kind == "timeline":
            steps[-1]["most"] = len(module.timelines[step.id].options)
    return {
        "id": module.id,
        "number": scope.number(module),
        "title": str(label_html(module.title)),
        "note": str(module.content_note.__html__()) if module.content_note else "",
        "points": list(module.points),
        "steps": steps,
        "questions": [
            {"id": one.id, "form": one.form, "points": list(one.points), "most": _most_given(one)}
            for one in module.questions
        ],
    }


def _most_given(question: Question) -> int:
    """How many places an answer to this question has at most in a kept state."""
    if question.form == "one":
        return 1
    return len(question.groups) if question.has_parts else len(question.options)


def _fingerprint(scope: PackageScope) -> str:
    """Eight characters that change with the structure on which a kept state rests, and not with words."""
    structure = [
        [module.id, list(module.points), [step.id for step in module.steps],
         [page_html.note_ids(module.pages[step.id]) for step in module.steps if step.kind == "page"],
         [[question.id, len(question.options)] for question in module.questions],
         [[scene.id, [choice.id for choice in scene.choices]]
          for step in module.steps if step.kind == "scenario" for scene in module.scenarios[step.id].scenes]]
        for module in scope.modules
    ]  # fmt: skip
    return hashlib.blake2b(json.dumps(structure).encode(), digest_size=4).hexdigest()


def _json(data: object) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, FILE_TIME)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED, 9)
    return buffer.getvalue()
