"""Parsing files into plain data, with the line of every value, so that each mistake can name its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)
Loc = tuple[str | int, ...]
ENCODING = "utf-8-sig"  # some editors put a mark before the first line
_BaseLoader: Any = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # without libyaml parsing is slower, with the same result


class _YamlLoader(_BaseLoader):  # type: ignore[misc]
    """YAML in which only `true` and `false` are booleans: a group called Yes or an id `on` is a string."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {
        first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:bool"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_YamlLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in the content: where it is and what to do about it."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


@dataclass
class YamlDocument:
    """A file's data, and the line (from 1) at which each value begins, by its path in the data."""

    file: str
    data: Any = None
    lines: dict[Loc, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, loc: Loc) -> int:
        """The line of a value, or of the nearest thing around it that has one."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc, 1)

    def problem(self, loc: Loc, message: str) -> Problem:
        return Problem(self.file, self.line(loc), message)


@dataclass(frozen=True)
class YamlLocation:
    """The place of a loaded object: its document, and the path in it."""

    document: YamlDocument
    loc: Loc = ()

    def problem(self, message: str, *path: str | int) -> Problem:
        return self.document.problem(self.loc + path, message)


def read_yaml(path: Path, root: Path, text: str | None = None, offset: int = 0) -> YamlDocument:
    """Parse a YAML file (or `text`, which begins `offset` lines below its start). Errors are collected, not raised."""
    document = YamlDocument(path.relative_to(root.parent).as_posix())
    try:
        loader = _YamlLoader(path.read_text(encoding=ENCODING) if text is None else text)
        try:
            node = loader.get_single_node()
            if node is not None:
                document.data = _build_data(loader, node, (), document, offset)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = (mark.line if mark else 0) + 1 + offset
        reason = getattr(error, "problem", None) or str(error)
        document.problems.append(Problem(document.file, line, f"this is not valid YAML: {reason}"))
    except (OSError, UnicodeDecodeError) as error:
        document.problems.append(Problem(document.file, 1, f"the file cannot be read: {error}"))
    return document


def _build_data(
    loader: Any, node: yaml.Node, loc: Loc, document: YamlDocument, offset: int, around: tuple[yaml.Node, ...] = ()
) -> Any:
    """The data of a node; `around` are the nodes in which it stands."""
    line = node.start_mark.line + 1 + offset
    document.lines[loc] = line
    if any(node is one for one in around):
        document.problems.append(Problem(document.file, line, "what stands here contains itself"))
        return None
    around = (*around, node)
    if isinstance(node, yaml.MappingNode):
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = _build_scalar(loader, key_node, document, offset)
            if key in result:
                document.problems.append(
                    Problem(document.file, key_node.start_mark.line + 1 + offset, f"{key!r} stands here twice")
                )
            result[key] = _build_data(loader, value_node, (*loc, key), document, offset, around)
            document.lines[(*loc, key)] = key_node.start_mark.line + 1 + offset
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_build_data(loader, child, (*loc, i), document, offset, around) for i, child in enumerate(node.value)]
    return _build_scalar(loader, node, document, offset)


def _build_scalar(loader: Any, node: yaml.Node, document: YamlDocument, offset: int) -> Any:
    """The value of a single node; its text, and a problem, where YAML takes it for what it cannot be."""
    words = node.value if isinstance(node, yaml.ScalarNode) else ""
    line = node.start_mark.line + 1 + offset
    try:
        if isinstance(node, yaml.ScalarNode):
            return loader.construct_object(node)
        document.problems.append(Problem(document.file, line, "a list or a group of lines cannot be a key"))
    except ValueError:  # such as 30 February, or more digits than Python reads
        document.problems.append(Problem(document.file, line, f"'{words[:40]}' is not a number or date that exists"))
    return words


def validate_model(document: YamlDocument, model: type[M], loc: Loc, data: Any, problems: list[Problem]) -> M | None:
    """The data as a model; None, with each mistake added to `problems` at its line, if the data is invalid."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for mistake in error.errors(include_url=False):
            where = tuple(part for part in mistake["loc"] if isinstance(part, (str, int)))
            problems.append(document.problem(loc + where, _problem_message(where, mistake)))
        return None


# What pydantic says in words of its own language, in words of YAML.
_EXPECTED = {
    "string_type": "a text is expected here: put a number into quotation marks",
    "tuple_type": "a list is expected here, such as [one, another]",
    "dict_type": "entries such as 'key: value' are expected here",
    "model_type": "entries such as 'key: value' are expected here",
}


def _problem_message(where: Loc, mistake: Any) -> str:
    name = " → ".join(str(part + 1) if isinstance(part, int) else part for part in where) or "this"
    if mistake["type"] == "extra_forbidden":
        return f"unknown key '{name}'"
    if mistake["type"] == "missing":
        if where and where[-1] == "reason":
            return f"'{name}' is missing: every option needs its reason as feedback"
        if where and where[-1] == "checked":
            return f"'{name}' is missing: every update needs the date on which it was checked"
        return f"'{name}' is missing"
    if where and where[-1] == "points" and mistake["type"] == "too_short":
        return f"'{name}' is empty: name at least one learning point"
    return f"'{name}': {_EXPECTED.get(mistake['type'], mistake['msg'])}"


_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_FENCE = re.compile(r"^:::\s*(?P<head>.*?)\s*$")
_ATTRIBUTE = re.compile(r"""([a-z]+)=(?:"([^"]*)"|“([^”]*)”|(\S+))""")
_BARE = re.compile(r"^[a-z]+$")


@dataclass(frozen=True)
class RawBlock:
    """A part of a page before it is rendered: `line` is that of its first line in the file."""

    kind: str
    attributes: dict[str, str]
    text: str
    line: int


def read_page(path: Path, root: Path, has_comments: bool = False) -> tuple[YamlDocument, list[RawBlock]]:
    """Parse a page file: its front matter as a document, and its blocks in order. With `has_comments` what stands between
    <!-- and --> is left out; lines keep their numbers."""
    try:
        text = path.read_text(encoding=ENCODING)
        if has_comments:
            text = _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), text)
    except (OSError, UnicodeDecodeError) as error:
        document = YamlDocument(path.relative_to(root.parent).as_posix())
        document.problems.append(Problem(document.file, 1, f"the file cannot be read: {error}"))
        return document, []
    rows = text.splitlines()
    end = next((i for i, row in enumerate(rows[1:], 1) if row.rstrip() == "---"), None)
    if not rows or rows[0].rstrip() != "---" or end is None:
        document = YamlDocument(path.relative_to(root.parent).as_posix())
        document.problems.append(
            Problem(document.file, 1, "a page begins with its front matter between two lines '---'")
        )
        return document, []
    document = read_yaml(path, root, "\n".join(rows[1:end]), offset=1)
    return document, _split_blocks(document, rows, end + 1)


def _split_blocks(document: YamlDocument, rows: list[str], first: int) -> list[RawBlock]:
    blocks: list[RawBlock] = []
    kind, attributes, start = "text", dict[str, str](), first
    collected: list[str] = []
    for number, row in enumerate(rows[first:], first):
        fence = _FENCE.match(row)
        if not fence:
            collected.append(row)
            continue
        if "\n".join(collected).strip() or kind != "text":
            blocks.append(RawBlock(kind, attributes, "\n".join(collected), start + 1))
        head = fence["head"]
        if head and kind != "text":
            document.problems.append(
                Problem(document.file, number + 1, f"the block '{kind}' above is not closed with ':::'")
            )
        word, _, rest = head.partition(" ")
        found = {m[1]: m[2] or m[3] or m[4] or "" for m in _ATTRIBUTE.finditer(rest)}
        # A word alone, such as `fold`, is an attribute whose value is the word.
        found |= {bare: bare for bare in _ATTRIBUTE.sub(" ", rest).split() if _BARE.match(bare)}
        kind, attributes, collected, start = (word, found, [], number + 1) if head else ("text", {}, [], number + 1)
    if kind != "text":
        document.problems.append(Problem(document.file, start, f"the block '{kind}' is not closed with ':::'"))
    if "\n".join(collected).strip():
        blocks.append(RawBlock(kind, attributes, "\n".join(collected), start + 1))
    return blocks
