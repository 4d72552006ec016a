#!/usr/bin/env python3
"""Writes `optimizers.json`: 50 steps of each optimizer of Keras 3.15, with its options.

    KERAS_BACKEND=tensorflow python generate_optimizers.py

The environment is that of `generate.py`. The weights are two tensors, of 3 and of 4 values. Some of
their gradients are 0 for a while, some are large. The file holds the weights before the first step,
the gradients of all steps, and for each case the weights after step 1, 10 and 50. `shaped` has the same for
tensors of one to three axes.
"""

import json

import keras
import numpy as np

STEPS, SPLIT, LEN = 50, 3, 7


def values(seed, count, scale):
    """Numbers from -scale to scale that need no random generator."""
    places = np.arange(count, dtype=np.int64)
    return (((places * 7919 + seed * 104729) % 2003) / 1001.0 - 1.0).astype(np.float32) * np.float32(
        scale
    )


def cases():
    make = keras.optimizers
    yield "sgd", make.SGD(0.05)
    yield "sgd_momentum", make.SGD(0.05, momentum=0.9)
    yield "sgd_nesterov", make.SGD(0.05, momentum=0.9, nesterov=True)
    yield "rmsprop", make.RMSprop(0.01)
    yield "rmsprop_centered", make.RMSprop(0.01, rho=0.8, momentum=0.5, centered=True)
    yield "adam", make.Adam(0.01)
    yield "adam_amsgrad", make.Adam(0.01, beta_1=0.8, beta_2=0.9, epsilon=1e-3, amsgrad=True)
    yield "adamw", make.AdamW(0.01)
    yield "adagrad", make.Adagrad(0.05)
    yield "adagrad_options", make.Adagrad(0.05, initial_accumulator_value=0.5, epsilon=1e-2)
    yield "adadelta", make.Adadelta(1.0)
    yield "adadelta_options", make.Adadelta(0.5, rho=0.8, epsilon=1e-3)
    yield "adamax", make.Adamax(0.01)
    yield "adamax_options", make.Adamax(0.01, beta_1=0.7, beta_2=0.9, epsilon=1e-2)
    yield "nadam", make.Nadam(0.01)
    yield "nadam_options", make.Nadam(0.01, beta_1=0.7, beta_2=0.9, epsilon=1e-2)
    yield "ftrl", make.Ftrl(0.05)
    yield "ftrl_options", make.Ftrl(
        0.05,
        learning_rate_power=-0.7,
        initial_accumulator_value=0.2,
        l1_regularization_strength=0.1,
        l2_regularization_strength=0.05,
        l2_shrinkage_regularization_strength=0.01,
        beta=0.2,
    )
    yield "lion", make.Lion(0.01)
    yield "lion_options", make.Lion(0.01, beta_1=0.7, beta_2=0.8)
    yield "clipnorm", make.SGD(0.05, clipnorm=0.5)
    yield "global_clipnorm", make.SGD(0.05, global_clipnorm=0.5)
    yield "clipvalue", make.SGD(0.05, clipvalue=0.25)
    yield "weight_decay", make.SGD(0.05, weight_decay=0.1)


SHAPES = {"first/kernel": (3, 4), "first/bias": (5,), "head/kernel": (6, 2), "conv/kernel": (2, 3, 2)}


def shaped_cases():
    """Optimizers that look at whole tensors, and what all optimizers have."""
    make = keras.optimizers
    yield "adafactor", make.Adafactor(0.05)
    yield "adafactor_options", make.Adafactor(
        0.5, beta_2_decay=-0.6, epsilon_1=1e-8, epsilon_2=0.01, clip_threshold=0.5, relative_step=False
    )
    yield "lamb", make.Lamb(0.01)
    excluded = make.Lamb(0.02, beta_1=0.8, beta_2=0.9, epsilon=1e-3, weight_decay=0.1)
    excluded.exclude_from_weight_decay(var_names=["bias"])
    yield "lamb_options", excluded
    yield "muon", make.Muon(0.02)
    yield "muon_options", make.Muon(
        0.02,
        exclude_layers=["head"],
        nesterov=False,
        ns_steps=2,
        momentum=0.8,
        rms_rate=None,
        weight_decay=0.1,
        adam_weight_decay=0.2,
        adam_lr_ratio=0.5,
        adam_beta_1=0.8,
        adam_beta_2=0.9,
    )
    excluded = make.AdamW(0.01, weight_decay=0.3)
    excluded.exclude_from_weight_decay(var_names=["bias"])
    yield "adamw_excluded", excluded
    yield "ema", make.Adam(0.02, use_ema=True, ema_momentum=0.9)
    yield "ema_overwrite", make.SGD(0.02, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=3)
    yield "accumulation", make.Adam(0.02, gradient_accumulation_steps=4)
    yield "accumulation_options", make.SGD(
        0.05, momentum=0.9, gradient_accumulation_steps=3, global_clipnorm=0.5, weight_decay=0.1, use_ema=True
    )


def shaped():
    """Weights after some steps, followed by their averages, if any."""
    sizes = [int(np.prod(shape)) for shape in SHAPES.values()]
    start = values(3, sum(sizes), 1.0)
    gradients = values(4, STEPS * sum(sizes), 1.2).reshape(STEPS, -1)
    gradients[::9, 4] *= 20.0

    def split(flat):
        parts = np.split(flat, np.cumsum(sizes)[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, SHAPES.values())]

    found = {}
    for name, optimizer in shaped_cases():
        weights = []
        for (path, _), part in zip(SHAPES.items(), split(start)):
            layer, own = path.split("/")
            with keras.name_scope(layer):
                weights.append(keras.Variable(part, name=own))
        assert weights[2].path == "head/kernel", weights[2].path
        optimizer.build(weights)
        after = {}
        for step, gradient in enumerate(gradients, 1):
            parts = [keras.ops.convert_to_tensor(part) for part in split(gradient)]
            optimizer.apply(parts, weights)
            if step in (1, 10, STEPS):
                kept = weights + (optimizer._model_variables_moving_average if optimizer.use_ema else [])
                flat = np.concatenate([np.asarray(weight).ravel() for weight in kept])
                assert np.isfinite(flat).all(), name
                after[str(step)] = [float(value) for value in flat]
        found[name] = after
    return {
        "start": [float(value) for value in start],
        "gradients": [[float(value) for value in gradient] for gradient in gradients],
        "after": found,
    }


def main():
    start = values(1, LEN, 2.0)
    gradients = values(2, STEPS * LEN, 1.5).reshape(STEPS, LEN)
    gradients[10:20, 1] = 0.0
    gradients[::9, 4] *= 20.0
    found = {}
    for name, optimizer in cases():
        weights = [keras.Variable(start[:SPLIT]), keras.Variable(start[SPLIT:])]
        optimizer.build(weights)
        after = {}
        for step, gradient in enumerate(gradients, 1):
            parts = [keras.ops.convert_to_tensor(gradient[:SPLIT])]
            parts.append(keras.ops.convert_to_tensor(gradient[SPLIT:]))
            optimizer.apply(parts, weights)
            if step in (1, 10, STEPS):
                flat = np.concatenate([np.asarray(weight) for weight in weights])
                after[str(step)] = [float(value) for value in flat]
        found[name] = after
    file = {
        "start": [float(value) for value in start],
        "gradients": [[float(value) for value in gradient] for gradient in gradients],
        "after": found,
        "shaped": shaped(),
    }
    with open("optimizers.json", "w") as out:
        json.dump(file, out)
        out.write("\n")


main()
