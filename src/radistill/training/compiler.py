"""Whether torch.compile can work here: on a CPU it writes C++ and needs a compiler for it."""

from __future__ import annotations

import torch

from radistill.progress import console


def can_compile(device: torch.device) -> bool:
    """False, with a note on the terminal, on a CPU without a C++ compiler."""
    if device.type != "cpu":
        return True
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        get_cpp_compiler()
    except InvalidCxxCompiler:
        console.print("note: no C++ compiler here, so training goes on without torch.compile")
        return False
    return True
