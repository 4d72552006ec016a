#!/usr/bin/env python3
"""Writes `settings.json`: steps of Keras 3.15 with regularizers, constraints and frozen layers.

    KERAS_BACKEND=tensorflow python generate_settings.py

The environment is that of `generate.py`. The model is Dense(4, relu) => BatchNormalization => Dense(3, tanh)
=> Dense(2). The file holds the weights before the first step, the data, and for each case the losses of
some steps of SGD, one batch a step, the loss of an evaluation after them, and the weights.
"""

import json
from pathlib import Path

import keras
import numpy as np

STEPS, BATCH, IN, OUT = 8, 6, 5, 2


def values(seed, *shape):
    """Numbers from -1 to 1 that need no random generator."""
    places = np.arange(int(np.prod(shape)), dtype=np.int64)
    numbers = ((places * 7919 + seed * 104729) % 2003) / 1001.0 - 1.0
    return numbers.astype(np.float32).reshape(shape)


def flat(model):
    # Keras keeps the averages apart; kerust has them in their layer.
    return [float(v) for layer in model.layers for w in layer.weights for v in w.numpy().ravel()]


def build(regularized, constrained=({}, {}, {})):
    regularizers = keras.regularizers
    first = dict(kernel_regularizer=regularizers.L2(0.05)) if regularized else {}
    second = dict(kernel_regularizer=regularizers.L1L2(0.01, 0.02)) if regularized else {}
    second |= dict(bias_regularizer=regularizers.L1(0.03)) if regularized else {}
    first, second, third = [a | b for a, b in zip((first, second, {}), constrained)]
    model = keras.Sequential(
        [
            keras.Input((IN,)),
            keras.layers.Dense(4, activation="relu", **first),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.Dense(3, activation="tanh", **second),
            keras.layers.Dense(OUT, **third),
        ]
    )
    for number, layer in enumerate(model.layers):
        weights = [values(10 * number + place, *w.shape) * 0.7 for place, w in enumerate(layer.weights)]
        if isinstance(layer, keras.layers.BatchNormalization):
            weights[3] = np.abs(weights[3]) + 0.5
        layer.set_weights(weights)
    return model


def run(model):
    model.compile(keras.optimizers.SGD(0.1), "mean_squared_error")
    x, y = values(1, STEPS, BATCH, IN), values(2, STEPS, BATCH, OUT)
    losses = [float(model.train_on_batch(x[step], y[step])) for step in range(STEPS)]
    evaluated = float(model.evaluate(x[0], y[0], verbose=0))
    return {"losses": losses, "evaluated": evaluated, "weights": flat(model)}


def averages(swap):
    """Two epochs with moving averages of the weights, which `swap` puts into the validations."""
    model = build(False)
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8)
    model.compile(optimizer, "mean_squared_error")
    x, y = values(1, STEPS * BATCH, IN), values(2, STEPS * BATCH, OUT)
    history = model.fit(
        x,
        y,
        batch_size=BATCH,
        epochs=2,
        shuffle=False,
        verbose=0,
        validation_data=(x[:BATCH], y[:BATCH]),
        callbacks=[keras.callbacks.SwapEMAWeights()] if swap else [],
    ).history
    return {"losses": history["loss"], "val_losses": history["val_loss"], "weights": flat(model)}


def main():
    golden = {"x": values(1, STEPS * BATCH * IN).tolist(), "y": values(2, STEPS * BATCH * OUT).tolist()}
    make = keras.constraints
    golden["weights"] = flat(build(False))
    golden["regularized"] = run(build(True))
    golden["constrained"] = run(build(False, ({}, {}, dict(kernel_constraint=make.MaxNorm(0.6)))))
    non_neg = (dict(kernel_constraint=make.NonNeg()), dict(bias_constraint=make.NonNeg()), {})
    golden["non_neg"] = run(build(False, non_neg))
    unit_norm = dict(kernel_constraint=make.UnitNorm(axis=-1), bias_constraint=make.UnitNorm())
    unit_norm = (dict(kernel_constraint=make.UnitNorm()), unit_norm, {})
    golden["unit_norm"] = run(build(False, unit_norm))
    min_max_norm = (
        dict(kernel_constraint=make.MinMaxNorm(0.5, 0.7)),
        dict(kernel_constraint=make.MinMaxNorm(0.5, 0.7, rate=0.3, axis=[0, 1])),
        dict(kernel_constraint=make.MaxNorm(0.6, axis=1)),
    )
    golden["min_max_norm"] = run(build(False, min_max_norm))
    frozen = build(False)
    frozen.layers[0].trainable = frozen.layers[1].trainable = False
    golden["frozen"] = run(frozen)
    golden["averages"] = averages(False)
    golden["averages_swapped"] = averages(True)
    path = Path(__file__).with_name("settings.json")
    path.write_text(json.dumps(golden) + "\n")


main()
