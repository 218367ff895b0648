"""The hand-made bundle and its films, and the application over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from radistill.runtime.predictor import Predictor
from radistill.serve.app import create_app
from radistill.serve.audit_log import AuditLog
from radistill.serve.client_tokens import Tokens
from radistill.serve.request_limits import ServeLimits
from radistill.serve.service import Service

from ..brightness import bundle, films  # noqa: F401

SMALL = {"max_bytes": 4 * 2**20, "max_files": 5, "running": 2, "budget": 16 * 2**20}


def service(folder: Path, audit: AuditLog | None = None, **limits: Any) -> Service:
    load = partial(Predictor.load, threads=1)
    return Service(folder, load, ServeLimits(**(SMALL | limits)), audit)


@pytest.fixture
def client_of(bundle: Path) -> Iterator[Callable[..., TestClient]]:  # noqa: F811
    """A client of an application with these options and limits."""
    with ExitStack() as stack:

        def make(
            *, token: str | None = None, hosts: set[str] | None = None, **options: Any
        ) -> TestClient:
            tokens = None if token is None else Tokens({"ward": token})
            app = create_app(service(bundle, **options), tokens=tokens, hosts=hosts)
            return stack.enter_context(TestClient(app))

        yield make


@pytest.fixture(scope="module")
def client(bundle: Path) -> Iterator[TestClient]:  # noqa: F811
    with TestClient(create_app(service(bundle))) as shared:
        yield shared
