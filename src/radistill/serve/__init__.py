"""A bundle over HTTP: the API and the web page."""
