"""The floating-point operations of a dream step, and the peak rate of the machine."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from dreamvid.networks.network import Trunk

_SIDE = 2048


def step_flops(trunk: Trunk, size: tuple[int, int]) -> float:
    """Floating-point operations of one dream step on a picture of `size` (height, width).

    Each multiply-add of convolutions and matrix products counts as two, once forward and once for
    the gradient with respect to the input; padding is included, pooling and ReLU are not.
    """
    total = 0

    def count(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        weight = module.get_parameter("weight")
        total += 2 * output.numel() * weight[0].numel()

    kinds = (nn.Conv2d, nn.Linear)
    hooks = [m.register_forward_hook(count) for m in trunk.body.modules() if isinstance(m, kinds)]
    try:
        with torch.no_grad():
            trunk.plain(torch.zeros(1, 3, *size, device=trunk.mean.device))
    finally:
        for hook in hooks:
            hook.remove()
    return 2.0 * total


def matmul_rate(*, seconds: float = 1.0) -> float:
    """Floating-point operations per second of this CPU in float32 matrix products.

    The best of torch.mm and of the same product as a 1x1 convolution: they use different libraries,
    and either may be slower (MKL leaves half of an AMD core unused). Uses the threads of torch, and
    takes the best of all runs within `seconds`.
    """
    a, b = torch.rand(2, _SIDE, _SIDE)
    pixels = a.t().reshape(1, _SIDE, 32, -1).contiguous(memory_format=torch.channels_last)
    kernel = b.reshape(_SIDE, _SIDE, 1, 1).contiguous(memory_format=torch.channels_last)
    shape = (0, 0), (1, 1), (1, 1), 1
    products: list[Callable[[], Tensor]] = [lambda: a @ b]
    if hasattr(torch.ops.mkldnn, "_convolution_pointwise"):
        convolve = torch.ops.mkldnn._convolution_pointwise
        products.append(lambda: convolve(pixels, kernel, None, *shape, "none", [], ""))
    return max(2 * _SIDE**3 / _best(product, seconds / len(products)) for product in products)


def now() -> float:
    """Seconds to time arithmetic by: of the CPU if torch has one thread, else of the wall.

    CPU time hardly depends on what else runs, but of several threads it also counts the waiting.
    """
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def _best(call: Callable[[], Tensor], seconds: float) -> float:
    end = now() + seconds
    best = float("inf")
    with torch.no_grad():
        call()
        while True:
            start = now()
            call()
            best = min(best, now() - start)
            if start > end:
                return best
