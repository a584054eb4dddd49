"""Somebody who reads a printed story: they know nothing but what is on the paper, and turn to the sections it sends them to."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from course.content.schema import Scenario
from course.printed_modules.rules.nodes import Block, plain_text
from course.printed_modules.rules.story_part import section_key, story_blocks

_LIST = r"(\d+(?:, \d+)*(?:,? (?:and|or) \d+)?)"
_RISES = re.compile(r"“([^”]+)” goes (up|down) by (\d)\.")


def numbers_in(words: str) -> set[int]:
    return {int(one) for one in re.findall(r"\d+", words)}


def links(node: object) -> list[str]:
    """The keys to which the runs in a node lead, in order."""
    if isinstance(node, list):
        return [key for part in node for key in links(part)]
    if not isinstance(node, dict):
        return []
    own = [str(node["to"])] if "to" in node else []
    return own + [key for name in ("c", "items", "rows", "head") for key in links(node.get(name, []))]


@dataclass
class PaperReader:
    """A reader of one story. `numbers` are those that they wrote down, `gauges` the marks on their card."""

    scenario: Scenario
    parts: dict[str, list[Block]]
    numbers: list[int] = field(default_factory=list)
    gauges: dict[str, int] = field(default_factory=dict)

    def read(self, choose: Callable[[list[int]], int]) -> str:
        """Read from section 1 to an ending, whose title is returned. `choose` picks one of the numbers at a decision."""
        self.gauges = {str(gauge.label): gauge.start for gauge in self.scenario.gauges.values()}
        number = 1
        for _turn in range(200):
            blocks = self.parts[section_key(self.scenario, number)]
            words = plain_text(list(blocks))
            for name, way, size in _RISES.findall(words):
                moved = self.gauges[name] + (int(size) if way == "up" else -int(size))
                self.gauges[name] = min(5, max(0, moved))
            if "in one of several ways" in words:
                number = self._gate(blocks)
                continue
            offered = [int(key.rpartition("-")[2]) for key in links(list(blocks))]
            if not offered:
                return plain_text(blocks[0])
            is_decision = blocks[-1]["t"] == "list"
            number = choose(offered) if is_decision else offered[0]
            if is_decision:
                self.numbers.append(number)
        raise AssertionError("the story does not end")

    def _gate(self, blocks: Sequence[Block]) -> int:
        """The number behind the first line that is true for this reader."""
        for line in blocks[-1]["items"]:
            words = plain_text(line)
            if words.startswith("In all other cases") or self.holds(words):
                return int(links(line)[0].rpartition("-")[2])
        raise AssertionError("no line is true")

    def holds(self, words: str) -> bool:
        """Whether a condition in words is true for this reader."""
        mine, found = set(self.numbers), []
        for verb, listed in re.findall(rf"you (turned to|did not turn to) {_LIST}", words):
            named = numbers_in(listed)
            if verb == "did not turn to":
                found.append(mine.isdisjoint(named))
            else:
                found.append(bool(mine & named) if " or " in listed else named <= mine)
        for name, level in re.findall(r"“([^”]+)” is at (\d) or more", words):
            found.append(self.gauges[name] >= int(level))
        for name, level in re.findall(r"“([^”]+)” is below (\d)", words):
            found.append(self.gauges[name] < int(level))
        for needed, listed in re.findall(rf"at least (.+?) are among {_LIST}", words):
            table = {int(of): int(need) for need, of in re.findall(r"(\d+) of (\d+)", needed)}
            found.append(sum(one in numbers_in(listed) for one in self.numbers) >= table[len(self.numbers)])
        assert found, words
        return all(found)


def story_parts(scenario: Scenario) -> dict[str, list[Block]]:
    """The blocks of each section of a printed story, by its key, in the order in which they are printed."""
    parts: dict[str, list[Block]] = {}
    here: list[Block] = []
    for block in story_blocks(scenario):
        if block["t"] == "h":
            here = parts.setdefault(block["id"], []) if block["id"] else []
        elif block["t"] != "break":
            here.append(block)
    return parts
