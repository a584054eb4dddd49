"""What a SCIM filter asks for with an equals sign, so that the database need not give everything."""

from __future__ import annotations

from dataclasses import dataclass

from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator
from scim2_models.path.expressions import ValuePath


@dataclass(frozen=True)
class Equality:
    """An attribute, in lower case and with the sub-attribute after a point, has to have this value."""

    attribute: str
    value: str


def equalities(node: FilterNode | None) -> list[Equality]:
    """What must hold for anything that the filter matches: the comparisons that it is, or joins with `and`."""
    if isinstance(node, Comparison):
        path = node.attr_path
        if node.op != CompareOperator.eq or not isinstance(node.value, str):
            return []
        name = f"{path.attr}.{path.sub_attr}" if path.sub_attr else path.attr
        return [Equality(name.lower(), node.value)]
    if isinstance(node, ValuePath) and node.sub_attr is None:
        return [
            Equality(f"{node.attr_path.attr.lower()}.{one.attribute}", one.value) for one in equalities(node.val_filter)
        ]
    if isinstance(node, LogicalExpr) and node.op == LogicalOperator.and_:
        return [found for term in node.terms for found in equalities(term)]
    return []
