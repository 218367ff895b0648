"""A training step of the student: as it is, through torch.compile, and without kept memory.

    python benchmarks/step.py [--rounds 5]

And what teacher outputs for 256 views cost, as they are computed now and in batches of 128 as
they were. All on one thread, in processor time (user and system), which a busy machine disturbs
least. Kept memory is `radistill.training.memory`; it cannot be undone in a process, so what goes
without it comes first.
"""

from __future__ import annotations

import argparse
import resource
import statistics
from collections.abc import Callable

import torch
from torch.nn import functional as F

from radistill.config import load_config
from radistill.models import create
from radistill.training.memory import keep_freed_memory

STEPS, WARM_UP = 10, 3


def stepper(compiled: bool) -> Callable[[], None]:
    """Takes one step of the preset's student on random films."""
    config = load_config("student").recipe("student")
    torch.manual_seed(0)
    model, _ = create(
        config.architecture,
        classes=3,
        dropout=config.dropout,
        weights="random",
        input_size=config.input_size,
        enlarge=config.enlarge,
    )
    model.train().to(memory_format=torch.channels_last)
    network = torch.compile(model, dynamic=False) if compiled else model
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    images = torch.rand(config.batch_size, 1, config.input_size, config.input_size)
    targets = torch.randint(0, 3, (config.batch_size,))

    def step() -> None:
        loss = F.cross_entropy(network(images), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    for _ in range(WARM_UP):
        step()
    return step


def teacher_pass(batch: int, layout: torch.memory_format) -> Callable[[], None]:
    """Runs the preset's teacher over 256 random films."""
    config = load_config("student").recipe("teacher")
    model, _ = create(
        config.architecture,
        classes=3,
        dropout=0.0,
        weights="random",
        input_size=config.input_size,
        enlarge=config.enlarge,
    )
    model.eval().to(memory_format=layout)
    images = torch.rand(256, 1, config.input_size, config.input_size)

    @torch.inference_mode()
    def run() -> None:
        for part in images.split(batch):
            model(part)

    return run


def milliseconds(work: Callable[[], None], times: int = STEPS) -> float:
    """Processor time of doing it once."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    for _ in range(times):
        work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return 1000 * spent / times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    plain, compiled = stepper(False), stepper(True)
    without = [milliseconds(plain) for _ in range(rounds)]
    then = teacher_pass(128, torch.contiguous_format)
    old = [milliseconds(then, 1) for _ in range(rounds + 1)][1:]
    keep_freed_memory()
    now = teacher_pass(64, torch.channels_last)
    new = [milliseconds(now, 1) for _ in range(rounds + 2)][2:]
    milliseconds(plain)
    pairs = [(milliseconds(plain), milliseconds(compiled)) for _ in range(rounds)]
    base = statistics.median(one for one, _ in pairs)
    print("| a step | ms | against as it is |\n| --- | ---: | ---: |")
    print(f"| as it is | {base:.0f} | 1.00 |")
    ratio = statistics.median(two / one for one, two in pairs)
    print(f"| through torch.compile | {ratio * base:.0f} | {ratio:.2f} |")
    before = statistics.median(without)
    print(f"| without kept memory | {before:.0f} | {before / base:.2f} |")
    quick, slow = statistics.median(new), statistics.median(old)
    print("\n| teacher outputs for 256 views | ms | ratio |\n| --- | ---: | ---: |")
    print(f"| as they are computed | {quick:.0f} | 1.00 |")
    print(
        f"| batches of 128, channels first, memory given back | {slow:.0f} | {slow / quick:.2f} |"
    )


if __name__ == "__main__":
    main()
