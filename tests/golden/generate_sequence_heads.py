"""Write the losses, metrics and weights of models whose output is a sequence, trained by the real Keras.

Set up the environment as `generate.py` says, and run

    keras-venv/bin/python tests/golden/generate_sequence_heads.py

It writes `sequence_heads.safetensors` and `sequence_heads.json`. For each case, the tensors are `CASE.x` (tokens as
whole numbers in F32), `CASE.labels` (or `CASE.labels0`, `CASE.labels1`), `CASE.sample_weight` if there are weights,
`CASE.weights` (all, one after the other, layer by layer) and `CASE.weights_after`; the JSON file has what `evaluate`
gives before (`evaluated`), and the losses of the epochs of `fit` (`losses`): plain gradient descent over batches of 3
of the 7 samples, in their order. One sample has no valid step.
"""

import json
import pathlib

import keras
import numpy as np
from generate import normal, rng_for, write_safetensors

layers = keras.layers
SAMPLES, STEPS, VOCABULARY, CLASSES = 7, 6, 11, 4


def tokens(name):
    """Tokens with padding at the end, in the middle, at the beginning, and everywhere."""
    rng = rng_for(f"tokens {name}")
    x = rng.integers(1, VOCABULARY, (SAMPLES, STEPS))
    x[0, 4:] = 0
    x[1, 1:3] = 0
    x[2, 0] = 0
    x[3, :] = 0
    x[4, 1:] = 0
    x[6, 5:] = 0
    return x.astype("int32")


def body(mask):
    inputs = keras.Input((STEPS,), dtype="int32")
    x = layers.Embedding(VOCABULARY, 4, mask_zero=mask)(inputs)
    return inputs, layers.LSTM(5, return_sequences=True)(x)


def classes(name):
    return rng_for(f"labels {name}").integers(0, CLASSES, (SAMPLES, STEPS)).astype("int32")


def weights(name, *shape):
    return rng_for(f"weights {name}").uniform(0.0, 2.0, shape).astype("float32")


def accuracy(name="accuracy"):
    return keras.metrics.SparseCategoricalAccuracy(name=name)


def cases():
    """Yield (name, model, labels, sample weights); the model is compiled."""
    sgd = lambda: keras.optimizers.SGD(0.1)
    sparse = keras.losses.SparseCategoricalCrossentropy
    for name, mask, shape in [
        ("tagger", True, None),
        ("tagger_step_weights", True, (SAMPLES, STEPS)),
        ("tagger_weights", True, (SAMPLES, 1)),
        ("unmasked", False, None),
        ("unmasked_step_weights", False, (SAMPLES, STEPS)),
    ]:
        inputs, x = body(mask)
        model = keras.Model(inputs, layers.Dense(CLASSES, activation="softmax")(x))
        given = weights(name, *shape) if shape else None
        model.compile(
            sgd(),
            sparse(),
            metrics=[accuracy()],
            weighted_metrics=[accuracy("weighted_accuracy")] if shape else None,
        )
        yield name, model, [classes(name)], given

    inputs, x = body(True)
    model = keras.Model(inputs, layers.Dense(CLASSES)(x))
    model.compile(sgd(), sparse(from_logits=True), metrics=[accuracy()])
    yield "logits", model, [classes("logits")], None

    inputs, x = body(True)
    model = keras.Model(inputs, layers.Dense(CLASSES, activation="softmax")(x))
    model.compile(
        sgd(),
        keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=[keras.metrics.CategoricalAccuracy(name="categorical_accuracy")],
    )
    one_hot = np.eye(CLASSES, dtype="float32")[classes("categorical")]
    yield "categorical", model, [one_hot], None

    for name, loss in [
        ("squared", keras.losses.MeanSquaredError()),
        ("huber", keras.losses.Huber(0.5)),
        ("cosine", keras.losses.CosineSimilarity()),
    ]:
        inputs, x = body(True)
        model = keras.Model(inputs, layers.Dense(3, activation="tanh")(x))
        metrics = [keras.metrics.MeanAbsoluteError(name="mean_absolute_error")]
        model.compile(sgd(), loss, metrics=metrics)
        yield name, model, [normal(rng_for(f"labels {name}"), SAMPLES, STEPS, 3)], None

    inputs, x = body(True)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    model.compile(
        sgd(),
        keras.losses.BinaryCrossentropy(),
        metrics=[keras.metrics.BinaryAccuracy(name="binary_accuracy")],
    )
    labels = rng_for("labels binary").integers(0, 2, (SAMPLES, STEPS, 1)).astype("float32")
    yield "binary", model, [labels], None

    inputs, x = body(True)
    tags = layers.Dense(CLASSES, activation="softmax", name="tags")(x)
    rating = layers.Dense(1, name="rating")(layers.GlobalAveragePooling1D()(tags))
    model = keras.Model(inputs, [tags, rating])
    model.compile(
        sgd(),
        [sparse(), keras.losses.MeanSquaredError()],
        loss_weights=[1.0, 0.5],
        metrics=[[accuracy()], [keras.metrics.MeanAbsoluteError(name="mean_absolute_error")]],
    )
    ratings = normal(rng_for("labels ratings"), SAMPLES, 1)
    yield "two_heads", model, [classes("two_heads"), ratings], None


def generate():
    tensors, facts = {}, {}
    for name, model, labels, given in cases():
        rng = rng_for(f"sequence heads {name}")
        for weight in model.trainable_weights:
            weight.assign(0.5 * normal(rng, *weight.shape))
        x = tokens(name)
        if name == "two_heads":
            # The mean of no step is not a number in Keras.
            x[3, 2] = 5
        y = labels if len(labels) > 1 else labels[0]
        tensors[f"{name}.x"] = x.astype("float32")
        for number, label in enumerate(labels):
            suffix = str(number) if len(labels) > 1 else ""
            tensors[f"{name}.labels{suffix}"] = label.astype("float32")
        if given is not None:
            tensors[f"{name}.sample_weight"] = given
        flat = lambda: np.concatenate([w.numpy().ravel() for w in model.trainable_weights])
        tensors[f"{name}.weights"] = flat()
        evaluated = model.evaluate(
            x, y, sample_weight=given, batch_size=3, verbose=0, return_dict=True
        )
        history = model.fit(
            x, y, sample_weight=given, batch_size=3, epochs=4, shuffle=False, verbose=0
        )
        tensors[f"{name}.weights_after"] = flat()
        history = {key: [float(v) for v in values] for key, values in history.history.items()}
        facts[name] = {
            "evaluated": {key: float(value) for key, value in evaluated.items()},
            "history": history,
        }
    write_safetensors("sequence_heads.safetensors", tensors, {})
    path = pathlib.Path(__file__).parent / "sequence_heads.json"
    path.write_text(json.dumps({"keras": keras.__version__, "cases": facts}, indent=1) + "\n")


if __name__ == "__main__":
    generate()
