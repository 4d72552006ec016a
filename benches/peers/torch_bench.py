"""PyTorch. `TORCH_COMPILE=1` compiles; `TORCH_CHANNELS_LAST=1` uses Keras's image layout."""

import os

import torch
from timing import arguments, calls, chunks, report
from torch import nn
from works import SEQUENCES, WORKS, read_data, split

import torch_sequences

mode, work, folder, counts = arguments()
torch.set_num_threads(int(os.environ["THREADS"]))
torch.manual_seed(1)


def conv(inputs, filters, strides=1):
    layer = nn.Conv2d(inputs, filters, 3, stride=strides, padding=1)
    return nn.Sequential(layer, nn.BatchNorm2d(filters))


class ResNet8(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.first = conv(3, 16)
        sizes = [(16, 16, 1), (16, 32, 2), (32, 64, 2)]
        self.upper = nn.ModuleList([conv(i, o, s) for i, o, s in sizes])
        self.lower = nn.ModuleList([conv(o, o) for _, o, _ in sizes])
        self.shortcuts = nn.ModuleList(
            [nn.Conv2d(i, o, 1, stride=s) if s > 1 else nn.Identity() for i, o, s in sizes])
        self.last = nn.Linear(64, classes)

    def forward(self, x):
        x = self.first(x).relu()
        for upper, lower, shortcut in zip(self.upper, self.lower, self.shortcuts):
            x = (shortcut(x) + lower(upper(x).relu())).relu()
        return self.last(nn.functional.avg_pool2d(x, 8).flatten(1))


def net(classes):
    if work == "mlp":
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, classes))
    if work == "conv":
        return nn.Sequential(
            nn.Conv2d(1, 10, 3, padding=1), nn.Flatten(),
            nn.Linear(7840, 64), nn.ReLU(), nn.Linear(64, classes))
    if work == "deep-conv":
        return nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(1600, classes))
    if work in SEQUENCES:
        return torch_sequences.net(work, classes)
    return ResNet8(classes)


images, labels = (torch.from_numpy(values) for values in read_data(work, folder))
if work not in SEQUENCES:
    images = images.permute(0, 3, 1, 2).contiguous()
model = net(WORKS[work]["classes"][0 if mode == "train" else 1])
if os.environ.get("TORCH_CHANNELS_LAST") == "1":
    model = model.to(memory_format=torch.channels_last)
    images = images.contiguous(memory_format=torch.channels_last)
run = torch.compile(model) if os.environ.get("TORCH_COMPILE") == "1" else model
if mode == "train":
    batch = WORKS[work]["batch"]
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    loss = nn.CrossEntropyLoss()
    order = torch.randperm(len(images))

    def step(number):
        start = number * batch % (len(images) - batch + 1)
        places = order[start : start + batch]
        optimizer.zero_grad()
        loss(run(images[places]), labels[places]).backward()
        optimizer.step()

    report(chunks(*counts, step))
else:
    model.eval()
    batches = split(mode, images)
    with torch.inference_mode():
        report(calls(counts[0], lambda: [run(x).softmax(1) for x in batches], sum(map(len, batches))))
