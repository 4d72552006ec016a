#!/usr/bin/env python3
"""Write `callbacks.json`: what Keras 3.15's callbacks do, and when, for given series of losses.

    KERAS_BACKEND=tensorflow python generate_callbacks.py

The environment is that of `generate.py`. A model of one weight and one bias trains on four samples of zeros in batches
of one, so that its weight stays. A callback before all others sets the losses of each epoch, and sets the weight to the
number of batches so far: it tells which weights a file has, and which weights are restored.

A case has `callbacks` (kind and arguments), `losses` and `val_losses` for each `fit`, and what was seen: the learning
rate and the weight after each epoch, the weight at the end, the files with their weights, and the attributes of the
callbacks. `hooks` is the order of the calls of `fit` with a validation, `evaluate` and `predict`.
"""

import json
import math
import tempfile
from pathlib import Path

import h5py
import keras
import numpy as np

SAMPLES, RATE = 4, 0.5


class Driver(keras.callbacks.Callback):
    def __init__(self, losses, val_losses):
        super().__init__()
        self.losses, self.val_losses = losses, val_losses
        self.batches, self.epoch = 0, 0
        self.rates, self.weights = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1
        self.model.layers[-1].kernel.assign([[float(self.batches)]])
        logs["loss"] = self.losses[self.epoch]

    def on_epoch_end(self, epoch, logs=None):
        logs["loss"] = self.losses[epoch]
        if self.val_losses:
            logs["val_loss"] = self.val_losses[epoch]


class Watcher(keras.callbacks.Callback):
    """Stands behind all others."""

    def __init__(self, driver):
        super().__init__()
        self.driver = driver

    def on_epoch_end(self, epoch, logs=None):
        self.driver.rates.append(float(self.model.optimizer.learning_rate))
        self.driver.weights.append(float(self.model.layers[-1].kernel.numpy()[0, 0]))


def build():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(RATE), "mean_squared_error")
    return model


def weight_of(path):
    with h5py.File(path) as file:
        return float(file["layers/dense/vars/0"][0, 0])


def number(value):
    """Infinity and NaN as text."""
    return value if math.isfinite(value) else str(value)


def run(name, callbacks, *fits):
    """Each of `fits` is (losses, val_losses)."""
    with tempfile.TemporaryDirectory() as folder:
        made = []
        for kind, arguments in callbacks:
            arguments = dict(arguments)
            if kind == "ModelCheckpoint":
                arguments["filepath"] = f"{folder}/{arguments['filepath']}.weights.h5"
                arguments["save_weights_only"] = True
            made.append(getattr(keras.callbacks, kind)(**arguments))
        model = build()
        x = np.zeros((SAMPLES, 1), "float32")
        seen = []
        for losses, val_losses in fits:
            driver = Driver(losses, val_losses)
            history = model.fit(
                x,
                x,
                batch_size=1,
                epochs=len(losses),
                shuffle=False,
                verbose=0,
                callbacks=[driver, *made, Watcher(driver)],
                validation_data=(x, x) if val_losses else None,
            )
            end = {"epochs": len(history.epoch), "rates": driver.rates, "weights": driver.weights}
            end["last_weight"] = float(model.layers[-1].kernel.numpy()[0, 0])
            early = [it for it in made if isinstance(it, keras.callbacks.EarlyStopping)]
            if early:
                end["stopped_epoch"], end["best_epoch"] = early[0].stopped_epoch, early[0].best_epoch
            seen.append(end)
        files = sorted(Path(folder).iterdir())
        return {
            "name": name,
            "callbacks": callbacks,
            "fits": [[[number(it) for it in losses], [number(it) for it in val]] for losses, val in fits],
            "seen": seen,
            "files": {path.name.removesuffix(".weights.h5"): weight_of(path) for path in files},
        }


def cases():
    early, plateau, checkpoint = "EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint"
    falls = [1.0, 0.8, 0.9, 0.85, 0.84, 0.7, 0.71, 0.72, 0.73, 0.1]
    flat = [1.0, 1.0, 1.0, 0.99995, 0.5, 0.5, 0.5, 0.4999, 0.5, 0.3]

    def one(name, kind, arguments, losses=falls, val_losses=()):
        return run(name, [(kind, arguments)], (list(losses), list(val_losses)))

    loss = {"monitor": "loss"}
    yield one("early", early, loss)
    yield one("early_patience", early, loss | {"patience": 2})
    yield one("early_patience_3", early, loss | {"patience": 3})
    yield one("early_never", early, loss | {"patience": 5})
    yield one("early_first", early, loss, [1.0, 1.0, 1.0])
    yield one("early_min_delta", early, loss | {"patience": 2, "min_delta": 0.15})
    yield one("early_min_delta_negative", early, loss | {"patience": 1, "min_delta": -0.15})
    yield one("early_max", early, loss | {"patience": 1, "mode": "max"}, [0.1, 0.2, 0.15, 0.3, 0.2, 0.2])
    yield one("early_baseline", early, loss | {"patience": 3, "baseline": 0.75})
    yield one("early_baseline_met", early, loss | {"patience": 2, "baseline": 0.95})
    yield one("early_start", early, loss | {"start_from_epoch": 3})
    yield one("early_start_patience", early, loss | {"start_from_epoch": 4, "patience": 2})
    yield one("early_restore", early, loss | {"patience": 2, "restore_best_weights": True})
    yield one("early_restore_end", early, loss | {"patience": 20, "restore_best_weights": True}, falls[:9])
    restored = {"patience": 2, "baseline": 0.5, "restore_best_weights": True}
    yield one("early_restore_baseline", early, loss | restored)
    restored = {"patience": 2, "start_from_epoch": 2, "restore_best_weights": True}
    yield one("early_restore_start", early, loss | restored)
    yield one("early_val", early, {"patience": 1}, [1.0] * 6, [3.0, 2.0, 2.5, 1.0, 1.5, 1.6])
    again = [0.5, 0.6, 0.7, 0.8]
    yield run("early_again", [(early, loss | {"patience": 1})], (falls, []), (again, []))

    half = loss | {"factor": 0.5}
    yield one("plateau", plateau, half | {"patience": 2}, flat)
    yield one("plateau_0", plateau, half | {"patience": 0}, flat)
    yield one("plateau_1", plateau, half | {"patience": 1}, flat)
    yield one("plateau_cooldown", plateau, half | {"patience": 1, "cooldown": 2}, flat)
    yield one("plateau_cooldown_1", plateau, half | {"patience": 2, "cooldown": 1}, [1.0] * 10)
    yield one("plateau_min_lr", plateau, half | {"patience": 1, "min_lr": 0.2}, [1.0] * 6)
    yield one("plateau_min_delta", plateau, half | {"patience": 1, "min_delta": 0.0}, flat)
    yield one("plateau_min_delta_large", plateau, half | {"patience": 1, "min_delta": 0.6}, flat)
    yield one("plateau_max", plateau, half | {"patience": 1, "mode": "max"}, [0.1, 0.3, 0.2, 0.2, 0.4, 0.3])
    yield one("plateau_default", plateau, loss | {"patience": 1}, [1.0] * 4)
    yield run("plateau_again", [(plateau, half | {"patience": 2})], ([1.0] * 4, []), ([2.0, 2.0, 2.0], []))

    named = {"filepath": "{epoch:02d}-{loss:.2f}"}
    yield one("checkpoint", checkpoint, named)
    yield one("checkpoint_best", checkpoint, named | loss | {"save_best_only": True})
    yield one("checkpoint_best_one", checkpoint, loss | {"filepath": "best", "save_best_only": True})
    best = named | loss | {"save_best_only": True}
    yield one("checkpoint_max", checkpoint, best | {"mode": "max"}, [0.1, 0.3, 0.2, 0.4])
    yield one("checkpoint_threshold", checkpoint, best | {"initial_value_threshold": 0.75})
    valued = {"filepath": "{epoch}-{val_loss:.3f}", "save_best_only": True}
    yield one("checkpoint_val", checkpoint, valued, [1.0] * 5, [3.0, 2.0, 2.5, 1.0, 1.5])
    by_batch = {"filepath": "{epoch}-{batch:02d}"}
    yield one("checkpoint_freq_1", checkpoint, by_batch | {"save_freq": 1}, [1.0, 0.9])
    yield one("checkpoint_freq_3", checkpoint, by_batch | {"save_freq": 3}, [1.0, 0.9, 0.8, 0.7])
    yield one("checkpoint_freq_4", checkpoint, by_batch | {"save_freq": 4}, [1.0, 0.9, 0.8])
    yield one("checkpoint_freq_7", checkpoint, by_batch | {"save_freq": 7}, [1.0] * 6)
    freq = {"filepath": "{epoch}-{batch}-{loss:.1f}", "save_freq": 3, "save_best_only": True}
    yield one("checkpoint_freq_best", checkpoint, loss | freq, [1.0, 0.9, 1.2, 0.7, 0.7])
    yield run("checkpoint_again", [(checkpoint, best)], ([1.0, 0.5, 0.7], []), ([0.6, 0.4], []))

    both = [(early, loss | {"patience": 3, "restore_best_weights": True}), (plateau, half | {"patience": 1})]
    yield run("order", [*both, (checkpoint, best)], (falls, []))
    yield run("order_back", [(checkpoint, best), *reversed(both)], (falls, []))


HOOKS = [
    f"on_{part}_{end}"
    for part in ("train", "epoch", "train_batch", "test", "test_batch", "predict", "predict_batch")
    for end in ("begin", "end")
]


def hooks():
    seen = []

    def hook(name):
        def call(self, *arguments, **_):
            # An epoch or a batch has a number.
            numbered = name.startswith("on_epoch") or "_batch_" in name
            seen.append([name, arguments[0]] if numbered else [name])

        return call

    Recorder = type("Recorder", (keras.callbacks.Callback,), {name: hook(name) for name in HOOKS})

    def of(call):
        seen.clear()
        call()
        return list(seen)

    model = build()
    x = np.zeros((SAMPLES + 1, 1), "float32")
    validation = {"validation_data": (x[:3], x[:3]), "validation_freq": 2, "validation_batch_size": 2}
    options = {"verbose": 0, "callbacks": [Recorder()]}
    return {
        "fit": of(lambda: model.fit(x, x, batch_size=2, epochs=3, **validation, **options)),
        "evaluate": of(lambda: model.evaluate(x, x, batch_size=2, **options)),
        "predict": of(lambda: model.predict(x, batch_size=2, **options)),
    }


def main():
    golden = {"keras": keras.__version__, "cases": list(cases()), "hooks": hooks()}
    path = Path(__file__).with_name("callbacks.json")
    path.write_text(json.dumps(golden, indent=None, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")


main()
