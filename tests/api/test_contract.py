"""The OpenAPI document holds every call of the contract that the main job needs."""

import re
from typing import get_args

import pytest
from starlette.testclient import TestClient

from tpod_core.services.annotations import Operation

CONTRACT = """
POST /auth/register
POST /auth/login
POST /auth/logout
GET /auth/user
POST /auth/tokens
GET /auth/tokens
DELETE /auth/tokens/{}
GET /users
PATCH /users/{}
GET /dashboard/meta
POST /videos
GET /videos
GET /videos/{}
PATCH /videos/{}
DELETE /videos/{}
POST /videos/{}/data
POST /uploads
HEAD /uploads/{}
PATCH /uploads/{}
DELETE /uploads/{}
GET /videos/{}/status
GET /videos/{}/frames/{}
GET /videos/{}/preview
GET /videos/{}/file
GET /videos/{}/annotations
PUT /videos/{}/annotations
PATCH /videos/{}/annotations
GET /videos/{}/boxes
POST /videos/{}/annotations/undo
POST /videos/{}/annotations/redo
GET /videos/{}/changes
GET /videos/{}/propagation
POST /videos/{}/propagate
POST /videos/{}/presence
POST /videos/{}/prelabel
POST /videos/{}/proposals/accept
POST /videos/{}/proposals/reject
GET /trainsets
POST /trainsets
GET /trainsets/{}
DELETE /trainsets/{}
POST /trainsets/preview
GET /trainsets/{}/download
GET /detectors/types
GET /detectors/training_configs/{}
GET /detectors
POST /detectors
GET /detectors/{}
DELETE /detectors/{}
POST /detectors/{}/cancel
POST /detectors/{}/resume
GET /detectors/{}/metrics
GET /detectors/{}/log
POST /detectors/{}/model
GET /detectors/{}/model
POST /detectors/{}/infer
POST /detectors/{}/annotate
GET /detectors/{}/annotated/{}
GET /detectors/{}/formats
GET /detectors/{}/visualization/{}
GET /jobs
GET /jobs/{}
POST /jobs/{}/cancel
GET /healthz
GET /readyz
"""
"""The calls of the design's HTTP contract; ``{}`` stands for an id."""


@pytest.fixture(scope="module")
def documented() -> set[str]:
    from tpod_core.web.app import create_api

    paths = create_api().openapi()["paths"]
    return {
        f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path)}"
        for path, methods in paths.items()
        for method in methods
    }


def test_every_call_of_the_contract_is_served_and_documented(documented: set[str]) -> None:
    assert set(CONTRACT.strip().splitlines()) - documented == set()


def test_operations_are_documented_as_one_union_told_by_op() -> None:
    from tpod_core.web.app import create_api

    schemas = create_api().openapi()["components"]["schemas"]
    items = schemas["EditsBody"]["properties"]["ops"]["items"]
    assert items["discriminator"]["propertyName"] == "op"
    documented = {schemas[kind["$ref"].rsplit("/", 1)[1]]["title"] for kind in items["oneOf"]}
    union, _ = get_args(Operation)
    assert documented == {operation.__name__ for operation in get_args(union)}


def test_openapi_and_its_pages_are_public(api: TestClient) -> None:
    api.cookies.clear()
    assert api.get("/openapi.json").json()["info"]["title"] == "TPOD"
    assert api.get("/docs").status_code == 200
