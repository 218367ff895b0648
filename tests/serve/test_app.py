"""What stands around the predictions: the page, the card, tokens, origins, headers, metrics."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import radistill
from radistill.serve import app as application
from radistill.serve.guard import CONTENT_SECURITY_POLICY

from ..brightness import SIDE

PREDICTIONS = "/v1/predictions"
PNG = {"Content-Type": "image/png"}


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page of a few files in place of the real one."""
    folder = tmp_path / "web"
    (folder / "app").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>", "utf-8")
    for name in ("app/main.js", "app/look.css", "manifest.webmanifest", "app/a.wasm", "m.onnx"):
        (folder / name).write_text("x", "utf-8")
    (tmp_path / "secret").write_text("secret", "utf-8")
    monkeypatch.setattr(application, "WEB", folder)
    return folder


def test_the_page_and_its_files(web: Path, client_of: Callable[..., TestClient]) -> None:
    client = client_of()
    kinds = {
        "/": "text/html; charset=utf-8",
        "/app/main.js": "text/javascript; charset=utf-8",
        "/app/look.css": "text/css; charset=utf-8",
        "/manifest.webmanifest": "application/manifest+json",
        "/app/a.wasm": "application/wasm",
        "/m.onnx": "application/octet-stream",
    }
    for path, kind in kinds.items():
        response = client.get(path)
        assert (response.status_code, response.headers["content-type"]) == (200, kind)
        assert response.headers["cache-control"] == "no-cache"
        unchanged = client.get(path, headers={"If-None-Match": response.headers["etag"]})
        assert unchanged.status_code == 304
    for path in ("/../secret", "/%2e%2e/secret", "/app/..%2f..%2fsecret", "/app", "/nothing"):
        response = client.get(path)
        assert "secret" not in response.text
        assert response.status_code == 404 or response.url.path == "/"


def test_the_page_that_ships_is_served(client: TestClient) -> None:
    assert "<html" in client.get("/").text


def test_config(client_of: Callable[..., TestClient]) -> None:
    expected = {
        "engine": "server",
        "token_required": True,
        "version": radistill.__version__,
        "max_files": 3,
        "max_bytes": 1000,
    }
    client = client_of(token="a" * 20, max_files=3, max_bytes=1000)
    assert client.get("/config.json").json() == expected


def test_the_card(client: TestClient, bundle: Path) -> None:
    said = client.get("/v1/bundle").json()
    card = json.loads((bundle / "card.json").read_text("utf-8"))
    assert said["name"] == "brightness-pneumonia"
    assert said["sha256"] == card["files"]["model.onnx"]
    assert said["input_size"] == SIDE
    for key in ("classes", "positive", "threshold", "operating_points", "notes", "licence"):
        assert said[key] == card[key]
    assert said["population"]["description"] == "children of one hospital"
    assert said["readme"] == ""


def test_the_card_of_the_bundle_that_ships(client_of: Callable[..., TestClient]) -> None:
    from radistill.page import bundle_info
    from radistill.runtime.find_bundle import installed
    from radistill.runtime.predictor import Predictor

    info = bundle_info(Predictor.load(installed()[0]))
    assert "float16" not in info.model_dump_json(), "the arrays are for the model alone"
    assert info.abstention
    assert info.abstention.measured.validation_films > 0
    assert info.readme.startswith("# ")
    assert info.operating_points[0].sensitivity_ci


def test_every_answer_carries_the_headers(client: TestClient) -> None:
    paths = ("/", "/nothing", "/healthz", "/v1/bundle", "/config.json", "/docs", "/metrics")
    for response in [*map(client.get, paths), client.post(PREDICTIONS), client.put("/v1/bundle")]:
        headers = response.headers
        assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-embedder-policy"] == "require-corp"
        assert "camera=(self)" in headers["permissions-policy"]
        assert headers["cache-control"] in ("no-store", "no-cache")
        assert not [name for name in headers if name.startswith("access-control")]
    assert "unsafe-inline" not in CONTENT_SECURITY_POLICY


def test_errors_have_one_form(client: TestClient) -> None:
    for response, status in (
        (client.get("/nothing"), 404),
        (client.put("/v1/bundle"), 405),
        (client.get(PREDICTIONS), 405),
        (client.post("/"), 405),
    ):
        assert response.status_code == status
        assert set(response.json()["error"]) == {"code", "message"}


def test_the_documentation_needs_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "POST /v1/predictions" in page
    assert "any_population" in page
    assert not re.search(r"https?://|<script|style=", page)
    links = re.findall(r'href="([^#"]+)"', page)
    assert {client.get(f"/{link}").status_code for link in links} == {200}


def test_without_the_token_there_are_no_films(client_of: Callable[..., TestClient]) -> None:
    client = client_of(token="correct horse battery")
    wrong: tuple[dict[str, str], ...] = (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic correct horse battery"},
        {"Authorization": "Bearer correct horse battery "[:-2]},
        {"Authorization": "Bearer \xe9"},
    )
    for headers in wrong:
        raw = {key.encode(): value.encode("latin-1") for key, value in headers.items()}
        for ask in (client.get("/v1/bundle", headers=raw), client.get("/metrics", headers=raw)):
            assert ask.status_code == 401
            assert ask.headers["www-authenticate"] == "Bearer"
        refused = client.post(PREDICTIONS, files={"files": b"x"}, headers=raw)
        assert refused.status_code == 401
        assert "correct" not in refused.text
    right = {"Authorization": "Bearer correct horse battery"}
    assert client.get("/v1/bundle", headers=right).status_code == 200
    assert client.get("/metrics", headers=right).status_code == 200
    for path in ("/", "/healthz", "/config.json", "/docs", "/openapi.json"):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("127.0.0.1:80", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
        ("[", 421),
        ("user@evil.example", 421),
    ],
)
def test_other_names_are_not_answered_to(
    client_of: Callable[..., TestClient], host: str, status: int
) -> None:
    """DNS rebinding: a page of evil.example that now points to this machine."""
    client = client_of(hosts={"localhost", "127.0.0.1", "::1"})
    assert client.get("/v1/bundle", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://testserver"}, 200),
        ({"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://testserver:81"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://testserver", "Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_other_pages_cannot_send_films(
    client: TestClient, headers: dict[str, str], status: int
) -> None:
    response = client.post(PREDICTIONS, content=b"x", headers={**PNG, **headers})
    assert response.status_code == status
    assert client.get("/v1/bundle", headers=headers).status_code == 200


@pytest.mark.parametrize("given", ["7", "a" * 64, "3f2a-7B_c.1"])
def test_a_request_keeps_its_id(
    client: TestClient, caplog: pytest.LogCaptureFixture, given: str
) -> None:
    with caplog.at_level(logging.INFO, "radistill"):
        for path, status in (("/healthz", 200), ("/nothing", 404)):
            response = client.get(path, headers={"X-Request-ID": given})
            assert (response.status_code, response.headers["x-request-id"]) == (status, given)
    assert f" {given}\n" in caplog.text


@pytest.mark.parametrize("given", ["", "a" * 65, "a b", "a\tb", 'a"', "Ann^Lee", "\xe9"])
def test_an_id_that_is_none_is_replaced(
    client: TestClient, caplog: pytest.LogCaptureFixture, given: str
) -> None:
    with caplog.at_level(logging.INFO, "radistill"):
        response = client.get("/healthz", headers={b"X-Request-ID": given.encode("latin-1")})
    made = response.headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", made)
    assert f" {made}\n" in caplog.text
    assert not given or given not in caplog.text
    assert made != client.get("/healthz").headers["x-request-id"]


def test_two_ids_are_none(client: TestClient) -> None:
    given = [("X-Request-ID", "one"), ("X-Request-ID", "two")]
    assert client.get("/healthz", headers=given).headers["x-request-id"] not in ("one", "two")


def test_health_says_who_answers(client: TestClient, bundle: Path) -> None:
    card = json.loads((bundle / "card.json").read_text("utf-8"))
    said = client.get("/healthz").json()
    assert said["status"] == "ok"
    assert said["version"] == radistill.__version__
    assert said["model"]["name"] == "brightness-pneumonia"
    assert said["model"]["sha256"] == card["files"]["model.onnx"]
    assert said["model"] == {key: client.get("/v1/bundle").json()[key] for key in said["model"]}
    assert f'sha256="{said["model"]["sha256"]}"' in client.get("/metrics").text


def test_metrics_count_what_happened(client_of: Callable[..., TestClient], films: Path) -> None:
    client = client_of()
    content = (films / "film 0.png").read_bytes()
    client.post(PREDICTIONS, files=[("files", ("Ann.png", content)), ("files", ("b", b"b"))])
    client.get("/Ann.png")
    text = client.get("/metrics").text
    assert 'radistill_films_total{decision="normal"} 1.0' in text
    assert 'radistill_films_total{decision="unreadable"} 1.0' in text
    assert 'radistill_reasons_total{reason="not-an-image"} 1.0' in text
    counted = 'radistill_requests_total{method="POST",route="/v1/predictions",status="200"} 1.0'
    assert counted in text
    assert 'route="other",status="404"' in text
    assert "radistill_jobs 0.0" in text
    assert "radistill_body_bytes 0.0" in text
    assert "process_resident_memory_bytes" in text
    assert "Ann" not in text


def test_a_failure_of_the_server_is_told_without_what_was_sent(
    client_of: Callable[..., TestClient],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise RuntimeError("An" + "n.png")

    client = client_of()
    monkeypatch.setattr("radistill.serve.service.film_records", fail)
    with caplog.at_level(logging.INFO):
        response = client.post(PREDICTIONS, files=[("files", ("Ann.png", b"x"))])
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "internal"
    assert f"RuntimeError {response.headers['x-request-id']}" in caplog.text
    assert "test_app.py" in caplog.text
    assert "Ann" not in caplog.text + response.text
    assert client.get("/v1/bundle").status_code == 200
