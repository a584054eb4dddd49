"""Question files of the course (YAML) from the questions of an import: those that are ready, and those to be finished."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from course.question_exchange.rules.incoming import RefusedQuestion
from course.question_exchange.rules.planning import PlannedQuestion, QuestionPlan

_WIDTH = 130


class _Dumper(yaml.SafeDumper):
    """YAML as authors write it: texts of several lines as blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 (PyYAML's own)
        super().increase_indent(flow, indentless=False)


def _text_node(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text_node)


def file_slug(name: str) -> str:
    """A name for the files from the name of the file they come from: "Week 1.gift.txt" becomes "week-1"."""
    letters = re.sub(r"[^a-z0-9]+", "-", name.lower().split(".")[0]).strip("-")[:40].strip("-")
    return f"imported-{letters or 'questions'}"


def ready_file(plan: QuestionPlan, source: str) -> str | None:
    """The file of the questions that are ready; None if there are none. `source` is the name of the file they come from."""
    ready = plan.in_state("ready")
    if not ready:
        return None
    return "\n".join([f"# From {_one_line(source)}.", *(_entry(one) for one in ready)])


def draft_file(plan: QuestionPlan, source: str) -> str | None:
    """The file of what an author has to finish, with what is missing as comments, and at its end what was not taken; None if
    there is nothing of either."""
    drafts = plan.in_state("draft")
    if not drafts and not plan.refused:
        return None
    head = [f"# From {_one_line(source)}. Finish these questions, then take “.draft” from the name of this file.",
            "# “To do” says what is missing. The course does not read this file before."]  # fmt: skip
    return "\n".join([*head, *(_entry(one) for one in drafts), *_refused_lines(plan.refused), ""])


def _entry(planned: PlannedQuestion) -> str:
    head = [f"# Line {planned.line}: {planned.name}" + (f" ({planned.category})" if planned.category else "")]
    head += [f"# To do: {text}" for text in planned.todo] + [f"# Note: {text}" for text in planned.notes]
    return "\n".join([*map(_one_line, head), _dumped(_plain(planned.data))])


def _plain(value: Any) -> Any:
    """The same data without the subclasses of str that texts of the course have."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, str) else value


def _dumped(data: dict[str, Any]) -> str:
    text: str = yaml.dump([data], Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_WIDTH)
    return text


def _refused_lines(refused: Sequence[RefusedQuestion]) -> Iterable[str]:
    if refused:
        yield "# Not taken:"
    for one in refused:
        yield _one_line(f"# Line {one.line}: {one.name} ({one.kind}). {one.reason}")


def _one_line(text: str) -> str:
    return " ".join(text.split())
