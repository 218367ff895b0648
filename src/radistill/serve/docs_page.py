"""The OpenAPI document as a plain page: the usual viewers load from elsewhere, or need scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

STYLE = """:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 0 auto; padding: 1rem }
h2 { margin-top: 2.5rem; font-size: 1.15rem }
code { font-family: ui-monospace, monospace; font-size: 0.95em; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% }
caption { text-align: left; font-weight: 600; padding-top: 0.8rem }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 1rem 0.3rem 0 }
tr { border-bottom: 1px solid #8888 }
"""


def docs_page(document: Mapping[str, Any]) -> str:
    """HTML without scripts; its style is `STYLE`, served as docs.css."""
    info = document["info"]
    routes = "".join(
        _route(method.upper(), path, said)
        for path, methods in document["paths"].items()
        for method, said in methods.items()
    )
    schemas = "".join(_schema(*item) for item in document["components"]["schemas"].items())
    title = escape(f"{info['title']} {info['version']}: HTTP API")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="docs.css"></head><body><main>'
        f"<h1>{title}</h1><p>{escape(info['description'])}</p>"
        '<p><a href="openapi.json">openapi.json</a>, for programs. <a href="./">The page.</a></p>'
        f"{routes}<h1>Objects</h1>{schemas}</main></body></html>"
    )


def _route(method: str, path: str, said: Mapping[str, Any]) -> str:
    body = said.get("requestBody", {}).get("content", {})
    options = (
        (escape(p["name"]), _kind(p["schema"]), _words(p)) for p in said.get("parameters", ())
    )
    answers = (
        (escape(status), _answer(response), _words(response))
        for status, response in sorted(said["responses"].items())
    )
    return (
        f"<h2><code>{escape(f'{method} {path}')}</code> {escape(said.get('summary', ''))}</h2>"
        f"<p>{escape(said.get('description', ''))}</p>"
        + _table("Query", ("name", "type", "meaning"), options)
        + _table("Body, one of", ("content type",), ((escape(kind),) for kind in body))
        + _table("Answer", ("status", "object", "meaning"), answers)
    )


def _schema(name: str, said: Mapping[str, Any]) -> str:
    fields = ((escape(key), _kind(s), _words(s)) for key, s in said.get("properties", {}).items())
    words = f"<p>{escape(said.get('description', ''))}</p>"
    table = _table("Fields", ("name", "type", "meaning"), fields)
    return f'<h2 id="{escape(name)}">{escape(name)}</h2>{words}{table}'


def _table(caption: str, heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """rows: of HTML. Nothing where there are none."""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return f"<table><caption>{caption}</caption><tr>{head}</tr>{body}</table>" if body else ""


def _answer(response: Mapping[str, Any]) -> str:
    content = response.get("content", {}).get("application/json", {})
    return _kind(content.get("schema", {}))


def _kind(schema: Mapping[str, Any]) -> str:
    """A type in a word or two; an object as a link."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(s) for s in schema["anyOf"] if s.get("type") != "null")
    if schema.get("type") == "array" and "items" in schema:
        return f"list of {_kind(schema['items'])}"
    return escape(schema.get("type", ""))


def _words(said: Mapping[str, Any]) -> str:
    return escape(said.get("description", ""))
