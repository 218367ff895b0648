"""The static page in a browser, served as `python -m http.server` does, and films through it."""

from __future__ import annotations

import base64
import functools
import http.server
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Opens the engine once a page; then one film after another. Bitmaps become their sizes.
PREDICT = """async ([files, options, config]) => {
  const { open } = await import(new URL("engine/local.js", location.href));
  window.engine ??= await open({ ...(await (await fetch("config.json")).json()), ...config });
  const records = [];
  for (const [name, content] of files) {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const start = performance.now();
    const record = await window.engine.predict(new File([bytes], name), options);
    record.wall = performance.now() - start;
    if (record.heatmap) record.heatmap.values = [...record.heatmap.values];
    if (record.preview) record.preview = [record.preview.width, record.preview.height];
    records.push(record);
  }
  return records;
}"""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder, served by the server that `python -m http.server` starts."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def bare(page: Any, url: str) -> Any:
    """The page at a file without scripts, for tests of the engine alone."""
    page.goto(url + "config.json")
    return page


def predict(
    page: Any, files: Mapping[str, bytes], options: Mapping[str, Any] | None = None, **config: Any
) -> list[dict[str, Any]]:
    """The engine's record of each file, with `wall` milliseconds."""
    sent = [[name, base64.b64encode(content).decode()] for name, content in files.items()]
    records: list[dict[str, Any]] = page.evaluate(PREDICT, [sent, options or {}, config])
    return records
