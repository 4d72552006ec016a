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
    return fill(
        [
            keras.Input((IN,)),
            keras.layers.Dense(4, activation="relu", **first),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.Dense(3, activation="tanh", **second),
            keras.layers.Dense(OUT, **third),
        ]
    )


def fill(layers):
    model = keras.Sequential(layers)
    named = [layer for layer in model.layers if layer.weights]
    for number, layer in enumerate(named):
        weights = [values(10 * number + place, *w.shape) * 0.7 for place, w in enumerate(layer.weights)]
        if isinstance(layer, keras.layers.BatchNormalization):
            weights[3] = np.abs(weights[3]) + 0.5
        layer.set_weights(weights)
    return model


class Sum(keras.regularizers.Regularizer):
    """A regularizer of one's own: moves a sum towards a number."""

    def __init__(self, factor, target):
        self.factor, self.target = factor, target

    def __call__(self, x):
        return self.factor * keras.ops.square(keras.ops.sum(x) - self.target)


class Clip(keras.constraints.Constraint):
    """A constraint of one's own: no weight is farther from 0 than a limit."""

    def __init__(self, limit):
        self.limit = limit

    def __call__(self, w):
        return keras.ops.clip(w, -self.limit, self.limit)


def snake(a):
    """An activation of one's own."""
    return lambda x: x + keras.ops.square(keras.ops.sin(a * x)) / a


def own_settings():
    """Activations and constraints of one's own."""
    return fill(
        [
            keras.Input((IN,)),
            keras.layers.Dense(4, activation=snake(2.0), kernel_constraint=Clip(0.5)),
            keras.layers.BatchNormalization(momentum=0.9, gamma_constraint=Clip(0.3)),
            keras.layers.Dense(3, bias_constraint=Clip(0.1)),
            keras.layers.Activation(snake(1.0)),
            keras.layers.Dense(OUT, activation=snake(1.5)),
        ]
    )


def active(first, third, layer):
    """Penalties on the outputs of the first and the last layer, and a layer of penalties between them."""
    return fill(
        [
            keras.Input((IN,)),
            keras.layers.Dense(4, activation="relu", **first),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.Dense(3, activation="tanh"),
            layer,
            keras.layers.Dense(OUT, **third),
        ]
    )


def run(model):
    model.compile(keras.optimizers.SGD(0.1), "mean_squared_error")
    x, y = values(1, STEPS, BATCH, IN), values(2, STEPS, BATCH, OUT)
    losses = [float(model.train_on_batch(x[step], y[step])) for step in range(STEPS)]
    evaluated = float(model.evaluate(x[0], y[0], verbose=0))
    return {"losses": losses, "evaluated": evaluated, "weights": flat(model)}


def averages(swap):
    """Two epochs with moving averages of the weights, which `swap` puts into the validations."""
    model = build(False)
    callbacks = [keras.callbacks.SwapEMAWeights()] if swap else []
    return fitted(model, dict(use_ema=True, ema_momentum=0.8), callbacks)


def fitted(model, options, callbacks=()):
    """Two epochs with a validation after each."""
    model.compile(keras.optimizers.SGD(0.1, **options), "mean_squared_error")
    x, y = values(1, STEPS * BATCH, IN), values(2, STEPS * BATCH, OUT)
    history = model.fit(
        x,
        y,
        batch_size=BATCH,
        epochs=2,
        shuffle=False,
        verbose=0,
        validation_data=(x[:BATCH], y[:BATCH]),
        callbacks=list(callbacks),
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
    l1, l2 = keras.regularizers.L1, keras.regularizers.L2
    regularized = dict(activity_regularizer=l2(0.05)), dict(activity_regularizer=l1(0.03))
    layer = keras.layers.ActivityRegularization
    golden["active"] = run(active(*regularized, layer(l1=0.01, l2=0.02)))
    regularized = dict(kernel_regularizer=l1(0.02)), dict(activation="softmax", activity_regularizer=l2(0.3))
    golden["active_softmax"] = run(active(*regularized, layer(l2=0.1)))
    regularized = dict(kernel_regularizer=Sum(0.02, 1.5)), dict(activity_regularizer=Sum(0.01, -2.0))
    golden["own_regularizer"] = run(active(*regularized, keras.layers.Identity()))
    golden["own_settings"] = run(own_settings())
    golden["validated"] = fitted(build(True), {})
    golden["averages"] = averages(False)
    golden["averages_swapped"] = averages(True)
    path = Path(__file__).with_name("settings.json")
    path.write_text(json.dumps(golden) + "\n")


main()
