"""`accelerate launch` on two processes takes the same step as one process."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

SCRIPT = Path(__file__).with_name("distributed_step.py")
LAUNCH = [
    *("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"),
    *("--num_machines", "1"),
    *("--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0"),
]


ARCHITECTURES = ("baseline", "resnet18")


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders with the result of a step in one process and in two."""
    folders = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    for command, out in zip(([], LAUNCH), folders, strict=True):
        call = [sys.executable, *command, str(SCRIPT), str(out), *ARCHITECTURES, "statistics"]
        subprocess.run(call, check=True, timeout=300, cwd=out)
    return folders


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_two_processes_equal_one_on_the_joined_batch(
    architecture: str, steps: tuple[Path, Path]
) -> None:
    files = [folder / f"{architecture}.pt" for folder in steps]
    first, second = (torch.load(file, weights_only=True) for file in files)
    assert (first["n"], second["n"]) == (1, 2)
    for name, weight in first["weights"].items():
        torch.testing.assert_close(weight, second["weights"][name], atol=1e-6, rtol=1e-4)
    assert not torch.equal(first["weights"]["head.1.weight"], first["initial_head"])
    torch.testing.assert_close(first["logits"], second["logits"], atol=1e-4, rtol=1e-4)


def test_all_processes_score_with_the_same_batch_norm_statistics(
    steps: tuple[Path, Path],
) -> None:
    """Those of the network in training and of its average: the mean over the processes."""
    one, two = (
        torch.load(folder / "statistics.pt", weights_only=True)["statistics"] for folder in steps
    )
    assert (len(one), len(two)) == (1, 2)
    stem = next(name for name in one[0][0] if name.endswith("running_mean"))
    for first, second, joined in zip(*two, one[0], strict=True):
        for name, value in first.items():
            assert torch.equal(value, second[name]), name
        torch.testing.assert_close(first[stem], joined[stem])
