"""Every kind of job has its code and its settle function, by the names that we look up."""

from importlib.util import find_spec

import pytest

from tpod_core.jobs.settling import resolve_settle
from tpod_core.models import JobKind
from workers.registry import module_of


@pytest.mark.parametrize("kind", list(JobKind))
def test_kind_has_a_module_that_does_it(kind: JobKind) -> None:
    assert find_spec(module_of(kind)) is not None


@pytest.mark.parametrize("kind", list(JobKind))
def test_kind_has_a_service_that_settles_it(kind: JobKind) -> None:
    assert callable(resolve_settle(kind))
