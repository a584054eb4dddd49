"""Processes of their own, begun as copies of this one, so that none has to load the program anew."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from typing import Any

import alembic.command
import alembic.config
import alembic.script
from click import ClickException

from course.models import MODEL_CLASSES

LOADED = (alembic.command, alembic.config, alembic.script, MODEL_CLASSES)
SECONDS = 120
Words = tuple[int, str]


def at_once(*deeds: Callable[[], object]) -> list[Words]:
    """Do each in a process of its own, all from the same moment on; exit code and message of each, as a command has them.

    A process that is killed has the signal's negative number and no message.
    """
    context: Any = multiprocessing.get_context("fork")
    gate, answers = context.Barrier(len(deeds)), [context.SimpleQueue() for _ in deeds]
    children = [
        context.Process(target=_run, args=(gate, deed, answer)) for deed, answer in zip(deeds, answers, strict=True)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(SECONDS)
        if child.exitcode is None:
            child.kill()
            raise AssertionError("a process does not end")
    return [
        answer.get() if child.exitcode == 0 else (child.exitcode, "")
        for child, answer in zip(children, answers, strict=True)
    ]


def _run(gate: Any, deed: Callable[[], object], answer: Any) -> None:
    gate.wait(SECONDS)
    try:
        deed()
    except ClickException as error:
        answer.put((error.exit_code, error.format_message()))
    else:
        answer.put((0, ""))
