import subprocess
import sys

import pytest

COUNT = """
import resource, torch
from radistill.training.memory import keep_freed_memory

def faults():
    torch.ones(20_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        torch.ones(20_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(faults(), keep_freed_memory(), min(faults(), faults()))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc is Linux's")
def test_freed_memory_is_used_again() -> None:
    done = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, check=True)
    before, told, after = done.stdout.split()
    if told == "False":
        pytest.skip("this C library has no mallopt")
    assert int(after) < int(before) / 2
