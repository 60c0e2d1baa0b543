"""The network and settings of PyTorch's `examples/mnist`, written anew from its description, the data as one tensor.

Convolutions of 32 and 64 filters of 3×3, one pool, dropout, dense layers of 128 and 10; Adadelta of rate 1, times 0.7
after each epoch; batches of 64. Usage: pytorch_examples.py EPOCHS [plain|channels_last|bfloat16] [STOP_AT_ACCURACY]
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from torch import nn

from mnist_trainer.data.load import EMBEDDED
from tests.benchmarks.curve import Curve


def network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
    )


def main(epochs: str, settings: str = "plain", stop_at: str = "1") -> None:
    curve = Curve()
    torch.manual_seed(1)
    with np.load(EMBEDDED) as data:
        images, labels, test_images, test_labels = (data[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    inputs, test_inputs = (
        (torch.from_numpy(array).unsqueeze(1).float() / 255 - 0.1307) / 0.3081 for array in (images, test_images)
    )
    targets, test_targets = (torch.from_numpy(array.astype("int64")) for array in (labels, test_labels))
    model = network()
    if settings != "plain":
        model = model.to(memory_format=torch.channels_last)
    half: Any = torch.autocast("cpu", torch.bfloat16) if settings == "bfloat16" else nullcontext()
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.7)

    def measure() -> float:
        """Return the test accuracy, measured after each epoch as the original does; its time counts there too."""
        model.eval()
        with torch.no_grad(), half:
            predictions = torch.cat([model(batch).argmax(1) for batch in test_inputs.split(1000)])
        return float((predictions == test_targets).float().mean())

    for _ in range(int(epochs)):
        model.train()
        for batch in torch.randperm(len(inputs)).split(64):
            optimizer.zero_grad()
            with half:
                loss = nn.functional.cross_entropy(model(inputs[batch]), targets[batch])
            loss.backward()
            optimizer.step()
        schedule.step()
        if curve.add(measure) >= float(stop_at):
            break
    curve.print()


if __name__ == "__main__":
    main(*sys.argv[1:])
