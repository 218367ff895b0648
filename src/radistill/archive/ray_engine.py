"""Blocks scored by actors of Ray Data, on this machine or a cluster."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from radistill.archive.block_scorer import BlockScorer
from radistill.archive.work_plan import Block
from radistill.errors import RadistillError, UsageError
from radistill.progress import cores

_SHARE = 0.9  # of a core for an actor: what Ray Data does besides must fit beside it
_STORE = 100 * 2**20  # bytes; only numbers of blocks pass through the object store
_LONGEST_FOLDER = 40  # characters, to which Ray adds 60 of its own
_STARTS = 4
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_DATA_LOG_LEVEL": "ERROR",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_IGNORE_UNHANDLED_ERRORS": "1",
}


def score_blocks(
    out: str, blocks: Sequence[tuple[Block, bool]], *, address: str | None, workers: int | None
) -> Iterator[dict[str, Any]]:
    """What `BlockScorer` gives for each block (with whether to retry its errors), in any order.

    address: of a cluster to join, else one is started on this machine and ended afterwards.
    workers: actors, by default one a core of the machine or cluster.
    A row for a block is all that passes through Ray, so memory does not grow with the films; and an
    actor that dies, or whose machine does, is replaced, and its block tried again.
    """
    with _cluster(address, workers) as many:
        import ray.data

        rows = [{**block._asdict(), "retry": retry} for block, retry in blocks]
        ray.data.DataContext.get_current().enable_progress_bars = False
        most = min(many, len(rows))
        # At once: the pool would start the others one by one, as it sees work waiting. And no block
        # waits in an actor: the last ones would wait for it while others have nothing to do.
        actors = ray.data.ActorPoolStrategy(
            min_size=1, max_size=most, initial_size=most, max_tasks_in_flight_per_actor=1
        )
        scored = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
            BlockScorer,  # type: ignore[arg-type]  # a class of callables is an actor
            fn_constructor_args=(out,),
            compute=actors,
            num_cpus=_SHARE,
        )
        yield from scored.iter_rows()


@contextmanager
def _cluster(address: str | None, workers: int | None) -> Iterator[int]:
    """How many actors fit into the cluster that is joined, or made for this job."""
    os.environ.update({name: os.environ.get(name, value) for name, value in _QUIET.items()})
    import ray

    if ray.is_initialized():  # by the Python program that calls
        yield workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        return
    logging.getLogger("ray").setLevel(logging.ERROR)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    folder = None
    try:
        if address is None:
            # A socket's path may have 107 characters.
            place = tempfile.gettempdir()
            folder = tempfile.mkdtemp(
                prefix="radistill-", dir=place if len(place) <= _LONGEST_FOLDER else "/tmp"
            )
            _start(
                num_cpus=workers or cores(),
                include_dashboard=False,
                object_store_memory=_STORE,
                _temp_dir=folder,
                **quiet,
            )
        else:
            try:
                _knock(address)
                with _without_stderr():
                    ray.init(address, **quiet)
            except (OSError, RuntimeError, ValueError, AssertionError) as error:
                raise UsageError(
                    f"--ray-address {address}: no cluster answers there "
                    f"({str(error).strip().splitlines()[0]})"
                ) from None
        yield workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    finally:
        ray.shutdown()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _start(**options: Any) -> None:
    """Start Ray here; it gives itself 30 seconds, which a machine at work may not keep."""
    import ray

    for _ in range(_STARTS):
        try:
            with _without_stderr():
                ray.init(**options)
            return
        except Exception as error:  # Ray raises no other class for it
            reason = str(error).strip().splitlines()[0]
            ray.shutdown()
    raise RadistillError(
        f"Ray did not start, {_STARTS} times ({reason}). Is the machine busy or its memory full? "
        "Run the same command again."
    )


def _knock(address: str) -> None:
    """Raise OSError if nobody listens at HOST:PORT: Ray itself tries for minutes."""
    host, _, port = address.rpartition("/")[2].rpartition(":")
    if port.isdigit():
        socket.create_connection((host, int(port)), timeout=10).close()


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Ray's C++ says there that it logs little."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
