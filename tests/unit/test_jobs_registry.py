"""Every kind of job has its code, by the name that we look up."""

from importlib.util import find_spec

import pytest

from tpod_core.models import JobKind
from workers.registry import module_of


@pytest.mark.parametrize("kind", list(JobKind))
def test_kind_has_a_module_that_does_it(kind: JobKind) -> None:
    assert find_spec(module_of(kind)) is not None
