"""Finds words for users that no catalogue of messages can translate.

python -m tests.support.sentences [PATH …]   lists them in these files or folders; without a path in the whole course

In a template: text between tags, in visible attributes, and strings that an expression shows. In Python: strings that read
like a label or a sentence. Such a string goes through `gettext` or `lazy_gettext`, or its line ends with a comment
`# not translated: …` that gives the reason.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment, nodes

from tests.support.english_only import ENGLISH_ONLY

COURSE = Path(__file__).resolve().parents[2] / "course"
NOT_TRANSLATED = re.compile(r"# not translated: \S")
_TRANSLATING = {"_", "gettext", "ngettext", "lazy_gettext", "lazy_ngettext"}
_VISIBLE_ATTRIBUTES = {
    "title",
    "alt",
    "aria-label",
    "placeholder",
    "aria-description",
    "data-label",
    "label",
    "summary",
}
_LETTERS = re.compile(r"[^\W\d_]")
_FILLED = re.compile(r"\{\w+\}")  # a place that a script fills
_CLASS = re.compile(r'\bclass="[^"]*"?')  # of a tag that the layout opens
_PLACE = "\ue000"  # stands for expression number n of a template, as _PLACE n _PLACE


@dataclass(frozen=True)
class Sentence:
    """Words that cannot be translated, and where they are."""

    file: Path
    line: int
    words: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.words}"


def in_template(file: Path) -> list[Sentence]:
    """The words of a template that are outside `trans` and `_()`."""
    page, expressions = _page_of(file.read_text())
    found = [Sentence(file, line, words) for line, words in _Page(page, expressions, file.suffix == ".txt").words]
    for line, expression in expressions:
        found += [Sentence(file, line, words) for words in _passed_on(expression)]
    return found


def _page_of(source: str) -> tuple[str, list[tuple[int, nodes.Node]]]:
    """The template's own text with a placeholder for each expression, and the expressions with their lines."""
    environment = Environment(extensions=["jinja2.ext.i18n"])
    page: list[str] = []
    expressions: list[tuple[int, nodes.Node]] = []
    piece: list[str] | None = None
    block: list[str] | None = None
    in_trans = False
    for line, kind, text in environment.lex(source):
        if kind == "variable_begin":
            piece = []
        elif kind == "variable_end":
            if not in_trans:
                parsed = environment.parse("{{" + "".join(piece or []) + "}}")
                page.append(f"{_PLACE}{len(expressions)}{_PLACE}" + "\n" * "".join(piece or []).count("\n"))
                expressions.append((line, parsed))
            piece = None
        elif kind == "block_begin":
            block = []
        elif kind == "block_end":
            words = "".join(block or [])
            tag = words.split()[0] if words.split() else ""
            if tag in {"set", "call", "if", "elif", "for", "with"}:
                expressions.append((line, _block_expression(environment, tag, words)))
            in_trans = tag == "trans" or (in_trans and tag != "endtrans")
            page.append("\n" * words.count("\n"))
            block = None
        elif piece is not None:
            piece.append(text)
        elif block is not None:
            block.append(text)
        elif kind == "data" and not in_trans:
            page.append(text)
        elif kind != "raw_begin":
            page.append("\n" * text.count("\n"))
    return "".join(page), expressions


def _block_expression(environment: Environment, tag: str, words: str) -> nodes.Node:
    if tag == "set" and "=" not in words:
        return nodes.Template([])
    endings = {"set": "", "elif": "{% endif %}", "with": "{% endwith %}"}
    opening = words.replace("elif", "if", 1) if tag == "elif" else words
    return environment.parse("{%" + opening + "%}" + endings.get(tag, "{% end" + tag + " %}"))


class _Page(HTMLParser):
    def __init__(self, page: str, expressions: list[tuple[int, nodes.Node]], plain: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[tuple[int, str]] = []
        self._expressions = expressions
        self._silent = 0
        if plain:
            for number, line in enumerate(page.splitlines(), 1):
                self._look_at(number, line.removeprefix("Subject: "))
        else:
            self.feed(page)
            self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"script", "style"}
        given = dict(attrs)
        for name, value in attrs:
            button = name == "value" and tag == "input" and given.get("type") in {"submit", "button"}
            if value and (name in _VISIBLE_ATTRIBUTES or button):
                self._look_at(self.getpos()[0], value)

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        for offset, line in enumerate(data.splitlines()):
            self._look_at(self.getpos()[0] + offset, line)

    def _look_at(self, line: int, text: str) -> None:
        pieces = text.split(_PLACE)
        pieces[::2] = [_CLASS.sub("", piece) for piece in pieces[::2]]
        if any(_LETTERS.search(_FILLED.sub("", piece)) for piece in pieces[::2]):
            self.words.append((line, "…".join(piece for piece in pieces[::2]).strip()))
        for number in pieces[1::2]:
            at, parsed = self._expressions[int(number)]
            self.words += [(at, words) for words in _shown(parsed) if _LETTERS.search(words)]


def _shown(node: nodes.Node | None) -> Iterator[str]:
    """The strings that an expression itself shows."""
    if isinstance(node, (nodes.Template, nodes.Output)):
        for child in node.iter_child_nodes():
            yield from _shown(child)
    elif isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, nodes.CondExpr):
        yield from _shown(node.expr1)
        yield from _shown(node.expr2)
    elif isinstance(node, nodes.Concat):
        for child in node.nodes:
            yield from _shown(child)
    elif isinstance(node, (nodes.Or, nodes.And)):
        yield from _shown(node.left)
        yield from _shown(node.right)
    elif isinstance(node, (nodes.Filter, nodes.Getitem)):
        yield from _shown(node.node)
    elif isinstance(node, nodes.Dict):
        for pair in node.items:
            yield from _shown(pair.value)
    elif isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr) and node.node.attr == "get":
        yield from _shown(node.node.node)
        for argument in node.args[1:]:
            yield from _shown(argument)


def _passed_on(node: nodes.Node) -> Iterator[str]:
    """The strings anywhere in an expression that read like a label or a sentence."""
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in _TRANSLATING:
        return
    if isinstance(node, nodes.Keyword) and node.key in {"class", "kind", "id"}:
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and _reads_like_words(node.value):
        yield node.value
    for child in node.iter_child_nodes():
        # What is compared is not shown.
        if not isinstance(node, (nodes.Compare, nodes.Operand)) or not isinstance(child, nodes.Const):
            yield from _passed_on(child)


def _reads_like_words(text: str) -> bool:
    # A header, a constant, a format, a class.
    if re.fullmatch(r"[A-Z][a-z]+(?:-[A-Z][a-z]+)+|[A-Z0-9_]+|%[-%A-Za-z ]+|(?:[A-Z][a-z]+){2,}|PostgreSQL", text):
        return False
    if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|BEGIN|SET|LOCK|ANALYZE|VACUUM)\b", text):
        return False
    return bool(
        re.match(r"\W*[A-Z](?:-?[a-z]| [a-z])", text)
        or re.search(r"[a-z]{2,},? (?:[a-z]+,? )*[a-z]{2,}\W*[.?:…]\s*$", text)
    )


_DEVELOPER_ERRORS = {
    "ValueError", "LookupError", "KeyError", "TypeError", "RuntimeError", "AssertionError", "NotImplementedError",
    "OSError", "FileExistsError", "FileNotFoundError", "TimeoutError", "AttributeError", "ConfigError",
}  # fmt: skip
_DEVELOPER_CALLS = {
    "assert_outside_unit_of_work", "getLogger", "debug", "info", "warning", "error", "exception", "compile", "sub",
    "search", "match", "fullmatch", "text", "cast", "echo", "ClickException", "UsageError", "TypeVar", "NewType", "DDL",
    "Locale", "strftime", "strptime", "ZoneInfo", "request",
}  # fmt: skip


def in_python(file: Path) -> list[Sentence]:
    """The strings of a module that read like a label or a sentence, and do not go through the catalogues."""
    module = _Module(file)
    module.visit(ast.parse(file.read_text()))
    return module.found


class _Module(ast.NodeVisitor):
    def __init__(self, file: Path) -> None:
        self.found: list[Sentence] = []
        self._file, self._lines = file, file.read_text().splitlines()

    def visit_Call(self, node: ast.Call) -> None:
        if _called(node) in _TRANSLATING | _DEVELOPER_CALLS:
            return
        for child in ast.iter_child_nodes(node):
            # The name of a header or of a key.
            is_key = _called(node) in {"get", "add", "pop", "setdefault"} and node.args and child is node.args[0]
            if not (is_key and isinstance(child, ast.Constant)):
                self.visit(child)

    def visit_Raise(self, node: ast.Raise) -> None:
        # A form shows the text of a ValueError beside its field, and rules and actions give forms theirs. What only
        # developers read is no sentence: it begins with a small letter and has no full stop.
        for_developers = isinstance(node.exc, ast.Call) and _called(node.exc) in _DEVELOPER_ERRORS
        if self._file.stem == "forms" or not for_developers or _raises_sentence(node.exc):
            self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if not any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets):
            self.visit(node.value)

    def visit_Compare(self, node: ast.Compare) -> None:
        # What is compared is not shown, unless as part of a longer expression.
        for child in (node.left, *node.comparators):
            if not isinstance(child, (ast.Constant, ast.Tuple, ast.Set)):
                self.visit(child)

    def visit_MatchValue(self, node: ast.MatchValue) -> None:
        pass

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not (isinstance(node.value, ast.Name) and node.value.id == "Literal"):
            self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        defaults = (*node.args.defaults, *(one for one in node.args.kw_defaults if one is not None))
        for child in (*defaults, *node.decorator_list, *node.body):
            self.visit(child)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._look_at(node, node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        pieces = [one.value if isinstance(one, ast.Constant) else "…" for one in node.values]
        self._look_at(node, "".join(map(str, pieces)))
        for one in node.values:
            if isinstance(one, ast.FormattedValue):
                self.visit(one.value)

    def _look_at(self, node: ast.expr, words: str) -> None:
        last = self._lines[(node.end_lineno or node.lineno) - 1]
        if _reads_like_words(words) and not NOT_TRANSLATED.search(last):
            self.found.append(Sentence(self._file, node.lineno, words))


def _raises_sentence(error: ast.expr | None) -> bool:
    """Whether an error is raised with a text that begins like a sentence and ends like one."""
    if not (isinstance(error, ast.Call) and error.args):
        return False
    text = error.args[0]
    pieces = text.values if isinstance(text, ast.JoinedStr) else [text]
    words = "".join(str(one.value) if isinstance(one, ast.Constant) else "X" for one in pieces)
    return bool(re.match(r"\W*[A-Z]", words)) and words.endswith(".")


def _called(node: ast.Call) -> str:
    function = node.func
    return (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )


def find(paths: list[Path]) -> list[Sentence]:
    """The words of all templates and modules in these files and folders."""
    found: list[Sentence] = []
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.suffix in {".html", ".txt"} and "templates" in file.parts:
                found += in_template(file)
            elif file.suffix == ".py" and not any(file.match(f"course/{pattern}") for pattern in ENGLISH_ONLY):
                found += in_python(file)
    return found


if __name__ == "__main__":
    sentences = find([Path(argument).resolve() for argument in sys.argv[1:]] or [COURSE])
    print("\n".join(map(str, sentences)))
    print(f"{len(sentences)} found.")
