"""Loading the folder `modules/`. Every mistake is collected with its file and line; no object is loaded in part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from course.content.frameworks import Framework, SourceKinds
from course.content.lesson_source import load_page
from course.content.lesson_translation import record_drawings, translate_page
from course.content.reading_context import M, ReadingContext, load_document, load_list, load_object
from course.content.schema import Course, LearningPoint, Module, Question, Scenario, Source, Step
from course.content.supplements import Discussion, FurtherLearning, Help
from course.content.timelines import Timeline
from course.content.translation_source import add_original, is_translation, translate_file
from course.content.yaml_source import Problem, YamlDocument, YamlLocation, validate_model


def read_content(root: Path) -> ReadingContext:
    """Load everything under `root` (the folder modules/). The result has the objects and the problems."""
    reading = ReadingContext(root)
    reading.course = load_object(reading, root / "course.yaml", Course, ("course",))
    reading.help = load_object(reading, root / "help.yaml", Help, ("help",))
    reading.points = load_list(reading, root / "learning-points.yaml", LearningPoint, "point")
    for path in (root / "sources.yaml", *original_files(root / "sources", "*.yaml")):
        reading.sources += load_list(reading, path, Source, "source")
    if (root / "further-learning.yaml").exists():
        reading.further = load_list(reading, root / "further-learning.yaml", FurtherLearning, "further")
    if (root / "frameworks.yaml").exists():
        reading.frameworks = load_list(reading, root / "frameworks.yaml", Framework, "framework")
    if (root / "source-kinds.yaml").exists():
        kinds = load_object(reading, root / "source-kinds.yaml", SourceKinds, ("source-kinds",))
        reading.source_kinds = kinds or SourceKinds()
    listed = reading.course.modules if reading.course else ()
    for number, module_id in enumerate(listed):
        if module_id in listed[:number]:
            message = f"the module '{module_id}' stands here twice"
            reading.problems.append(reading.place("course").problem(message, "modules"))
        else:
            _load_module(reading, root / module_id)
    reading.problems.sort()
    return reading


def original_files(folder: Path, pattern: str) -> list[Path]:
    """The English files of a folder whose names fit a pattern, in order of their names."""
    return sorted(path for path in folder.glob(pattern) if not is_translation(path))


def _unread_file_problems(reading: ReadingContext, folder: Path) -> Iterator[Problem]:
    """The files of a module that nothing reads because of the ending of their names."""
    for path in sorted([*folder.glob("*.y*ml"), *folder.glob("*/*.y*ml"), *folder.glob("pages/*")]):
        ending = ".md" if path.parent.name == "pages" else ".yaml"
        if path.suffix in (".yml", ".markdown", ".txt") and not path.name.startswith("."):
            message = f"this file is not read: its name has to end with '{ending}'"
            yield Problem(path.relative_to(reading.root.parent).as_posix(), 1, message)


def _load_module(reading: ReadingContext, folder: Path) -> None:
    document = load_document(reading, folder / "module.yaml")
    if document.problems or not isinstance(document.data, dict):
        if not document.problems:
            reading.problems.append(document.problem((), "the module's title, points and steps are expected here"))
        return
    reading.places[("module", folder.name)] = YamlLocation(document)
    reading.problems += _unread_file_problems(reading, folder)
    files = [*original_files(folder, "questions.yaml"), *original_files(folder / "questions", "*.yaml")]
    record_drawings(reading, folder)
    pages = {page.id: page for path in original_files(folder / "pages", "*.md") if (page := load_page(reading, path))}
    for page in pages.values():
        translate_page(reading, folder / "pages" / f"{page.id}.md", page)
    scenarios = _load_folder(reading, folder / "scenarios", Scenario, "scenario")
    timelines = _load_folder(reading, folder / "timelines", Timeline, "timeline")
    questions = [question for path in files for question in load_list(reading, path, Question, "question")]
    kinds: dict[str, tuple[str, str]] = {}
    for kind, things in (("page", pages), ("scenario", scenarios), ("timeline", timelines)):
        for one in things.values():
            if one.id in kinds:
                message = f"the id '{one.id}' is that of a {kinds[one.id][0]} and of a {kind}: give one of them another"
                reading.problems.append(document.problem((), message))
            kinds[one.id] = (kind, one.title)
    steps = _build_steps(reading, document, kinds)
    data = {
        **document.data,
        "id": folder.name,
        "steps": [step.model_dump() for step in steps],
    }
    module = validate_model(document, Module, (), data, reading.problems)
    if module:
        place = ("module", folder.name)
        add_original(reading.translations, folder / "module.yaml", None, place, module)
        translate_file(reading.translations, folder / "module.yaml")
        content = {"pages": pages, "scenarios": scenarios, "questions": tuple(questions),
                   "timelines": {t.id: t.question() for t in timelines.values()}}  # fmt: skip
        reading.modules.append(module.model_copy(update=content))
    if (folder / "discussion.yaml").exists():
        sheet = load_object(reading, folder / "discussion.yaml", Discussion, ("discussion", folder.name))
        if sheet:
            reading.discussions[folder.name] = sheet


def _build_steps(reading: ReadingContext, document: YamlDocument, kinds: dict[str, tuple[str, str]]) -> list[Step]:
    """The module's steps. A step written as `one-of` has several scenarios, of which a learner gets one."""
    steps: list[Step] = []
    listed = document.data.get("steps") or []
    if not isinstance(listed, list):
        reading.problems.append(document.problem(("steps",), "'steps': a list is expected here"))
        return steps
    seen: set[str] = set()
    for number, written in enumerate(listed):
        one_of = isinstance(written, dict) and set(written) == {"one-of"} and isinstance(written["one-of"], list)
        ids = [str(name) for name in written["one-of"]] if one_of else [str(written)]
        for name in ids:
            kind = kinds.get(name, ("", ""))[0]
            if not kind:
                message = f"the step '{name}' is no page, scenario or timeline that could be read"
            elif one_of and kind != "scenario":
                message = f"only scenarios stand in 'one-of'; '{name}' is a {kind}"
            elif name in seen:
                message = f"the step '{name}' stands here twice"
            else:
                seen.add(name)
                continue
            reading.problems.append(document.problem(("steps", number), message))
        known = [name for name in ids if name in kinds and (not one_of or kinds[name][0] == "scenario")]
        if known:
            kind, title = kinds[known[0]]
            steps.append(Step(id=known[0], kind=kind, title=title, others=tuple(known[1:])))
    used = {name for step in steps for name in (step.id, *step.others)}
    for unused in sorted(set(kinds) - used):
        reading.problems.append(
            document.problem(("steps",), f"the {kinds[unused][0]} '{unused}' is not among the steps")
        )
    return steps


def _load_folder(reading: ReadingContext, folder: Path, model: type[M], kind: str) -> dict[str, M]:
    """One object for each file of a folder, by id; the file's name is the id."""
    objects = {}
    for path in original_files(folder, "*.yaml"):
        loaded = load_object(reading, path, model, (kind, folder.parent.name, path.stem), id=path.stem)
        if loaded is not None:
            objects[path.stem] = loaded
    return objects
