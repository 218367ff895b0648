"""A bundle over HTTP: the API behind the web page."""
