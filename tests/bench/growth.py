"""How figures grow with the number of people: as a table, and as a picture for light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 740, 384
LEFT, RIGHT, TOP, BOTTOM = 74, 500, 24, 330  # the part of the picture that the lines may cover
LABEL_HEIGHT = 18
COLOURS = (
    ("#0b5c6b", "#5cc4d6"),
    ("#a8480f", "#f2a36b"),
    ("#4a4a4a", "#c9c9c9"),
    ("#6a3d9a", "#c3a3e8"),
    ("#2f6b1f", "#94d17f"),
)
SHAPES = (
    "M-4-4h8v8h-8z",
    "M0-5l5 5-5 5-5-5z",
    "M0-5l5 9h-10z",
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0",
    "M-5-1.5h10v3h-10z",
)


@dataclass(frozen=True)
class Figure:
    """One measured number of a size of the organisation, printed as it is found; `unit` is ms, s or the like."""

    name: str
    value: float
    unit: str

    def __post_init__(self) -> None:
        print(f"  {self.name:<38} {self.value:12,.1f} {self.unit}", flush=True)


def table(found: Mapping[int, Sequence[Figure]]) -> str:
    """The figures of each size side by side, as Markdown."""
    lines = ["| |" + "|".join(f" {people:,} " for people in found) + "|", "|---" * (len(found) + 1) + "|"]
    for place, figure in enumerate(next(iter(found.values()))):
        digits = 1 if figure.unit in ("ms", "s") else 0
        values = " | ".join(f"{figures[place].value:,.{digits}f} {figure.unit}" for figures in found.values())
        lines.append(f"| {figure.name} | {values} |")
    return "\n".join(lines)


def plot(found: Mapping[int, Sequence[Figure]], names: Sequence[str]) -> str:
    """Milliseconds by the number of people as an SVG, both on a logarithmic scale."""
    sizes = sorted(found)
    rows = {
        name: [next(one.value for one in found[size] if one.name == name) for size in sizes] for name in names
    }  # fmt: skip
    values = [value for row in rows.values() for value in row]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))

    def x(people: int) -> float:
        span = math.log10(sizes[-1] / sizes[0]) or 1
        return LEFT + (RIGHT - LEFT) * math.log10(people / sizes[0]) / span

    def y(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (math.log10(value) - low) / max(1, high - low)

    said = "; ".join(f"{name} {row[0]:,.0f} to {row[-1]:,.0f}" for name, row in rows.items())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="t d"'
        ' font-family="system-ui, sans-serif" font-size="13">',
        '<title id="t">Milliseconds by the number of people</title>',
        f'<desc id="d">From {sizes[0]:,} to {sizes[-1]:,} people, in milliseconds: {said}.</desc>',
        f"<style>{_style(len(names))}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>',
    ]
    for power in range(low, high + 1):
        line = y(10**power)
        parts.append(f'<path class="grid" d="M{LEFT} {line:.1f}H{RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{line + 4:.1f}" text-anchor="end">{10**power:,g} ms</text>')
    parts += [f'<text x="{x(size):.1f}" y="{BOTTOM + 22}" text-anchor="middle">{size:,}</text>' for size in sizes]
    parts.append(f'<text x="{(LEFT + RIGHT) / 2:.0f}" y="{BOTTOM + 42}" text-anchor="middle">people</text>')
    ends = _apart({name: y(row[-1]) for name, row in rows.items()})
    for number, (name, row) in enumerate(rows.items()):
        points = [(x(size), y(value)) for size, value in zip(sizes, row, strict=True)]
        line_points = " ".join(f"{left:.1f},{down:.1f}" for left, down in points)
        parts.append(f'<polyline class="l{number}" points="{line_points}"/>')
        parts += [
            f'<path class="p{number}" transform="translate({left:.1f} {down:.1f})" d="{SHAPES[number]}"/>'
            for left, down in points
        ]
        parts.append(
            f'<path class="p{number}" transform="translate({RIGHT + 16} {ends[name]:.1f})" d="{SHAPES[number]}"/>'
        )
        parts.append(f'<text class="p{number}" x="{RIGHT + 28}" y="{ends[name] + 4:.1f}">{name}</text>')
    return "\n".join((*parts, "</svg>\n"))


def _style(lines: int) -> str:
    """Colours for light pages, and others for dark ones."""

    def of(which: int) -> str:
        return "".join(f".l{n}{{stroke:{COLOURS[n][which]}}}.p{n}{{fill:{COLOURS[n][which]}}}" for n in range(lines))

    light = ".paper{fill:#fff}text{fill:#333}.grid{stroke:#ccc}polyline{fill:none;stroke-width:2.5}"
    dark = ".paper{fill:#16191d}text{fill:#ddd}.grid{stroke:#3d434b}"
    return f"{light}{of(0)}@media (prefers-color-scheme:dark){{{dark}{of(1)}}}"


def _apart(places: Mapping[str, float]) -> dict[str, float]:
    """The heights of labels, moved down or up so that none covers another."""
    found: dict[str, float] = {}
    lowest = -math.inf
    for name, place in sorted(places.items(), key=lambda one: one[1]):
        lowest = max(place, lowest + LABEL_HEIGHT)
        found[name] = lowest
    beyond = max(0.0, lowest - BOTTOM)
    return {name: place - beyond for name, place in found.items()}
