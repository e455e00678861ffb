"""Runs all checks on a plan before a set is queued."""

from collections.abc import Iterator, Sequence

from tpod_core.training_sets import box_checks, set_checks
from tpod_core.training_sets.box_table import BoxTable
from tpod_core.training_sets.findings import Findings, PreflightFinding, capped
from tpod_core.training_sets.plan import Plan

_BOX_CHECKS = (
    box_checks.tiny_boxes,
    box_checks.edge_boxes,
    box_checks.duplicate_boxes,
    box_checks.size_jumps,
)


def findings_of(plan: Plan, tables: Sequence[BoxTable]) -> Findings:
    """Returns the findings of all checks on ``plan``.

    Args:
        tables: the boxes of each of its videos.
    """
    return capped(_all(plan, tables))


def _all(plan: Plan, tables: Sequence[BoxTable]) -> Iterator[PreflightFinding]:
    yield from set_checks.leaks(plan)
    yield from set_checks.rare_classes(plan, tables)
    for number, table in enumerate(tables):
        for check in _BOX_CHECKS:
            yield from check(plan, table)
        yield from set_checks.unlabelled_stretches(plan, number)
        yield from set_checks.missed_labels(table.video)
