"""Requests made from the OpenAPI document: every answer is one that it promises."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from radistill.serve.app import create_app

from ..servers import listening
from .conftest import service

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def test_answers_are_as_documented(bundle: Path) -> None:
    with listening(create_app(service(bundle))) as port:
        schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{port}/openapi.json")
        operations = [found.ok() for found in schema.get_all_operations()]
        assert {f"{one.method.upper()} {one.path}" for one in operations} == {
            "GET /v1/bundle",
            "POST /v1/predictions",
            "GET /healthz",
            "GET /metrics",
        }
        for operation in operations:
            for mode in GenerationMode:
                ask(operation.as_strategy(generation_mode=mode))


def ask(cases: SearchStrategy[schemathesis.Case]) -> None:
    @settings(
        max_examples=20,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases)
    def answered(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS)

    with suppress(Unsatisfiable):  # no wrong request can be made where nothing is asked
        answered()
