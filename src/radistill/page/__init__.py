"""The web page (app, engine, locales) and its writer, with and without a server."""

from pathlib import Path

WEB = Path(__file__).parent / "web"  # the page's own files, as a browser gets them
