"""PyTorch's part of `growth.py`: `torch_growth.py WIDTH DEPTH BATCH CHUNKS STEPS`."""

import os
import sys

import torch
from timing import chunks, report
from torch import nn

width, depth, batch, *counts = map(int, sys.argv[1:])
torch.set_num_threads(int(os.environ["THREADS"]))
torch.manual_seed(1)
samples = 1024
inputs, labels = torch.rand(samples, width), torch.arange(samples) % 10
layers = [layer for _ in range(depth) for layer in (nn.Linear(width, width), nn.ReLU())]
model = nn.Sequential(*layers, nn.Linear(width, 10))
optimizer = torch.optim.Adam(model.parameters(), fused=True)
loss = nn.CrossEntropyLoss()
order = torch.randperm(samples)


def step(number):
    start = number * batch % (samples - batch + 1)
    places = order[start : start + batch]
    optimizer.zero_grad()
    loss(model(inputs[places]), labels[places]).backward()
    optimizer.step()


report(chunks(*counts, step))
