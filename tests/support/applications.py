"""What all applications of a process have in common, made once: a run of the tests makes thousands of them, each of which would
bind four hundred routes, look through all files of the program, and read all static files.

Nothing of it changes in a process. A test that gives an application a route of its own gives it to that one alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask
from werkzeug.routing import Map, RuleFactory
from werkzeug.routing.matcher import StateMachineMatcher
from whitenoise import WhiteNoise

import app as application
from course.web import static_files, template_bytecode


class SharedMap(Map):
    """Routes that several applications have in common, until one of them is given another."""

    is_shared = False

    def begin_with(self, other: Map) -> None:
        """Take the routes of another map; this one has none yet."""
        assert not self._rules_by_endpoint
        self._matcher, self._rules_by_endpoint = other._matcher, other._rules_by_endpoint
        self._remap, self.is_shared = False, True

    def add(self, rulefactory: RuleFactory) -> None:
        if self.is_shared:
            self._rules_by_endpoint = {name: [*rules] for name, rules in self._rules_by_endpoint.items()}
            self._matcher = StateMachineMatcher(self.merge_slashes)
            for rule in self._rules:
                self._matcher.add(rule)
            self.is_shared = False
        super().add(rulefactory)


class AllPages:
    """All pages of the course as one blueprint: every application registers each of them, but only the first one binds their
    routes, which take nearly all of the time."""

    def __init__(self, blueprints: Sequence[tuple[Blueprint, str]]) -> None:
        self.blueprints = blueprints
        self._routes: SharedMap | None = None

    def register(self, app: Flask, _options: dict[str, Any]) -> None:
        """Give them to an application, for `Flask.register_blueprint`."""
        assert isinstance(app.url_map, SharedMap)
        if self._routes is None:
            self._register_each(app)
            app.url_map.update()
            self._routes = SharedMap()
            self._routes.begin_with(app.url_map)
            app.url_map.is_shared = True
            return
        app.url_map.begin_with(self._routes)

        def add_view(_rule: str, endpoint: str, view_func: Callable[..., Any] | None = None, **_options: Any) -> None:
            if view_func is not None:
                app.view_functions[endpoint] = view_func

        app.add_url_rule = add_view  # type: ignore[method-assign, assignment]
        self._register_each(app)
        del app.add_url_rule

    def _register_each(self, app: Flask) -> None:
        for pages, prefix in self.blueprints:
            app.register_blueprint(pages, url_prefix=prefix or None)


class _SharedFiles(WhiteNoise):  # type: ignore[misc]
    """Static files of a folder, which are looked for once in a process."""

    found: dict[tuple[str, str], dict[str, Any]] = {}  # noqa: RUF012 (it is shared)

    def update_files_dictionary(self, root: str, prefix: str) -> None:
        if (root, prefix) not in self.found:
            super().update_files_dictionary(root, prefix)
            self.found[root, prefix] = dict(self.files)
        self.files.update(self.found[root, prefix])


def once_for(folder: Path, work: Callable[[Path], str]) -> Callable[[Path], str]:
    """`work`, whose result for this folder is remembered; for any other it is done each time."""
    remembered = cache(work)
    return lambda given: remembered(given) if given == folder else work(given)


def share() -> None:
    """Let the applications of this process share all this."""
    application.CourseApplication.url_map_class = SharedMap
    setattr(application, "BLUEPRINTS", ((AllPages(application.BLUEPRINTS), ""),))  # noqa: B010 (it is no blueprint)
    setattr(static_files, "WhiteNoise", _SharedFiles)  # noqa: B010
    for module, name, folder in (
        (static_files, "content_hash", application.PACKAGE / "static"),
        (template_bytecode, "_state_of", application.PACKAGE),
    ):
        setattr(module, name, once_for(folder, getattr(module, name)))
