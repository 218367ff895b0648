"""Finished runs made from invented predictions."""

from ..finished_run import finished_runs, make_run, thumbnails  # noqa: F401
