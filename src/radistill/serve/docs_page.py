"""The OpenAPI document as plain HTML: the usual viewers load scripts from other servers."""

from collections.abc import Iterable
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
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="docs.css"></head><body><main><h1>{title}</h1><p>{description}</p>
<p><a href="openapi.json">openapi.json</a>, for programs. <a href="./">The page.</a></p>
{routes}<h1>Objects</h1>{schemas}</main></body></html>"""
Json = Any  # a part of the document


def docs_page(document: Json) -> str:
    """HTML without scripts; its style is `STYLE`, served as docs.css."""
    info, paths = document["info"], document["paths"]
    routes = (
        _route(f"{method.upper()} {path}", route)
        for path, methods in paths.items()
        for method, route in methods.items()
    )
    schemas = (_schema(*item) for item in document["components"]["schemas"].items())
    return PAGE.format(
        title=escape(f"{info['title']} {info['version']}: HTTP API"),
        description=escape(info["description"]),
        routes="".join(routes),
        schemas="".join(schemas),
    )


def _route(name: str, route: Json) -> str:
    body = route.get("requestBody", {}).get("content", {})
    query = ((p["name"], _type(p["schema"]), p) for p in route.get("parameters", ()))
    answers = (
        (
            status,
            _type(response.get("content", {}).get("application/json", {}).get("schema", {})),
            response,
        )
        for status, response in sorted(route["responses"].items())
    )
    return (
        f"<h2><code>{escape(name)}</code> {escape(route.get('summary', ''))}</h2>"
        f"<p>{_description(route)}</p>{_table('Query', 'name', 'type', query)}"
        f"{_table('Body, one of', 'content type', '', ((kind, '', {}) for kind in body))}"
        f"{_table('Answer', 'status', 'object', answers)}"
    )


def _schema(name: str, schema: Json) -> str:
    fields = ((key, _type(field), field) for key, field in schema.get("properties", {}).items())
    head = f'<h2 id="{escape(name)}">{escape(name)}</h2><p>{_description(schema)}</p>'
    return head + _table("Fields", "name", "type", fields)


def _table(caption: str, name: str, kind: str, rows: Iterable[tuple[str, str, Json]]) -> str:
    """rows: name, type as HTML, and what has the description. Empty where there are none."""
    body = "".join(
        f"<tr><td>{escape(first)}</td><td>{second}</td><td>{_description(part)}</td></tr>"
        for first, second, part in rows
    )
    heads = "".join(f'<th scope="col">{head}</th>' for head in (name, kind, "meaning"))
    return f"<table><caption>{caption}</caption><tr>{heads}</tr>{body}</table>" if body else ""


def _type(schema: Json) -> str:
    """A type in a word or two; an object as a link."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"] if one.get("type") != "null")
    if schema.get("type") == "array" and "items" in schema:
        return f"list of {_type(schema['items'])}"
    return escape(schema.get("type", ""))


def _description(part: Json) -> str:
    return escape(part.get("description", ""))
