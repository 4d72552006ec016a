"""Plots the results of `growth.py`, given as JSON, to a file: lines on logarithmic axes."""

import json
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

lines = json.load(sys.stdin)
growths = list(dict.fromkeys(line["growth"] for line in lines))
figure, places = plt.subplots(1, len(growths), figsize=(4.5 * len(growths), 4), squeeze=False)
for growth, axes in zip(growths, places[0]):
    for line in lines:
        if line["growth"] == growth:
            label = f"{line['name']}, slope {line['slope']:.2f}"
            axes.plot(line["values"], line["medians"], marker="o", label=label)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlabel(growth)
    axes.set_ylabel("ms a step")
    axes.legend()
figure.tight_layout()
figure.savefig(sys.argv[1])
