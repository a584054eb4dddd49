"""Addresses of the course: their rules, of which each compiles what builds an address when it is first asked for one."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.routing import Rule


class LazyRule(Rule):
    """Werkzeug compiles a function for each rule at the start, which took a fifth of a second of it for the hundreds of this
    course; a command builds none or few of them."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        name = "_build_unknown" if append_unknown else "_build"

        def build_first(rule: LazyRule, **values: object) -> tuple[str, str]:
            compiled = super()._compile_builder(append_unknown).__get__(rule, None)
            setattr(rule, name, compiled)
            return compiled(**values)  # type: ignore[no-any-return]

        return build_first
