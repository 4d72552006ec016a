"""The networks on sequences in PyTorch, without the last softmax, and their ONNX files."""

import torch
from torch import nn


class Recurrent(nn.Module):
    def __init__(self, layer, units, classes):
        super().__init__()
        self.layer = layer
        self.last = nn.Linear(units, classes)

    def forward(self, x):
        return self.last(self.layer(x)[0][:, -1])


class Block(nn.Module):
    """An encoder block."""

    def __init__(self, width=64, heads=4):
        super().__init__()
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        y = self.first(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return x + self.down(nn.functional.gelu(self.up(self.second(x))))


class Transformer(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.blocks = nn.Sequential(Block(), Block())
        self.last = nn.Linear(64, classes)

    def forward(self, x):
        return self.last(self.blocks(x).mean(1))


def net(work, classes):
    if work == "lstm":
        return Recurrent(nn.LSTM(28, 64, batch_first=True), 64, classes)
    if work == "gru":
        return Recurrent(nn.GRU(8, 32, batch_first=True), 32, classes)
    return Transformer(classes)


def write_onnx(work, classes, shape, path):
    """Writes the network with random weights, a final softmax, and any batch size."""
    model = nn.Sequential(net(work, classes), nn.Softmax(1)).eval()
    names = dict(input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "n"}, "y": {0: "n"}})
    torch.onnx.export(model, (torch.zeros(2, *shape),), path, dynamo=False, opset_version=17, **names)
