"""Write the golden numbers of recurrent layers, attention and one-dimensional
layers, computed by the real Keras.

Set up the environment as `generate.py` says, and run

    keras-venv/bin/python tests/golden/generate_sequences.py

It writes `sequences.safetensors`. The metadata maps the name of every case to
JSON, `{"class_name", "config"}`. Masks are numbers, 0 or 1. Every case has its
inputs, its outputs, the upstream gradients, and the gradients of
sum(y * dy) (and of the sums over the states and theirs):

Recurrent layers: `x`, `kernel`, `recurrent_kernel`, `bias` (if any), `mask` (if
any), `h0`, `c0` (initial states), `x_dropout`, `h_dropout` (the factors of
dropout: samples, masks, features; if any), `y`, `h`, `c` (final states), `dy`,
`dh`, `dc`, and `dx`, `d_kernel`, `d_recurrent_kernel`, `d_bias`, `dh0`, `dc0`.

Attention, from the projected values on: `query`, `key`, `value` (samples, steps,
heads, width), `query_mask`, `key_mask`, `mask`, `dropout` (if any), `y`, `dy`,
and `d_query`, `d_key`, `d_value`. Keras has two ways of computing it, which
differ where every key of a query is masked: what is written here comes from the
one with a softmax layer, whose probabilities are then zeros. (The other gives
the mean of all values.)

`Embedding`: `tokens`, `table`, `y`, `dy`, `d_table`.

`Conv1D`, `DepthwiseConv1D` and pools: `x`, `kernel`, `bias`, `y`, `dy`, and
`dx`, `d_kernel`, `d_bias`.
"""

import json

import generate
import keras
import numpy as np
import tensorflow as tf
from generate import describe, normal, rng_for, write_safetensors

layers = keras.layers
TENSORS, METADATA = {}, {}


def add(name, layer, tensors, **extra):
    assert name not in METADATA, name
    METADATA[name] = json.dumps(describe(layer, **extra))
    for key, tensor in tensors.items():
        TENSORS[f"{name}.{key}"] = np.asarray(tensor, "float32")


def random_weights(layer, rng):
    for weight in layer.trainable_weights:
        scale = 0.6 if len(weight.shape) > 1 else 0.3
        weight.assign(scale * normal(rng, *weight.shape))


def dropout(rng, *shape):
    """The factors of a dropout of one half."""
    return (2 * rng.integers(0, 2, shape)).astype("float32")


# --- Recurrent layers --------------------------------------------------------

MIDDLE = [[1, 0, 1, 1, 0, 0, 1], [0, 0, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1, 1]]
NEVER = [[1, 1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0, 1]]


def recurrent_cases():
    """Yield (name, layer, shape, mask, whether there are initial states)."""
    for kind, cell in (
        ("lstm", layers.LSTM),
        ("gru", layers.GRU),
        ("simple_rnn", layers.SimpleRNN),
    ):

        def layer(units, **config):
            return cell(units, return_state=True, **config)

        def all_of(units, **config):
            return layer(units, return_sequences=True, **config)

        yield f"{kind}_last", layer(5), (3, 7, 4), None, False
        yield f"{kind}_sequences", all_of(5), (3, 7, 4), None, True
        yield f"{kind}_wide", all_of(17), (2, 4, 19), None, True
        yield f"{kind}_one_step", all_of(3), (2, 1, 4), None, True
        yield f"{kind}_one_feature", layer(1), (2, 5, 1), None, True
        yield f"{kind}_backwards", all_of(5, go_backwards=True), (3, 7, 4), None, True
        yield f"{kind}_no_bias", all_of(3, use_bias=False), (2, 3, 2), None, True
        yield f"{kind}_masked", all_of(5), (3, 7, 4), MIDDLE, True
        yield f"{kind}_masked_last", layer(5), (3, 7, 4), MIDDLE, True
        yield f"{kind}_never", all_of(4), (3, 7, 2), NEVER, True
        yield f"{kind}_never_last", layer(4), (3, 7, 2), NEVER, False
        yield (
            f"{kind}_masked_zeros",
            all_of(4, zero_output_for_mask=True),
            (3, 7, 2),
            NEVER,
            True,
        )
        yield (
            f"{kind}_masked_backwards",
            all_of(4, go_backwards=True),
            (3, 7, 2),
            MIDDLE,
            True,
        )
        yield (
            f"{kind}_masked_zeros_last",
            layer(4, zero_output_for_mask=True),
            (3, 7, 2),
            MIDDLE,
            True,
        )
        # One whose gradient follows from the output, one that needs the input (over few steps, since
        # its gates have no bound).
        gates = {} if kind == "simple_rnn" else {"recurrent_activation": "hard_sigmoid"}
        yield (
            f"{kind}_softsign",
            all_of(4, activation="softsign", **gates),
            (3, 5, 3),
            None,
            True,
        )
        gates = {} if kind == "simple_rnn" else {"recurrent_activation": "hard_silu"}
        yield (
            f"{kind}_silu",
            all_of(4, activation="silu", **gates),
            (3, 3, 3),
            [row[:3] for row in MIDDLE],
            True,
        )
        yield f"{kind}_dropout", all_of(5, dropout=0.5), (3, 7, 4), MIDDLE, True
        yield (
            f"{kind}_recurrent_dropout",
            all_of(5, recurrent_dropout=0.5),
            (3, 7, 4),
            MIDDLE,
            True,
        )
        yield (
            f"{kind}_both_dropouts",
            layer(5, dropout=0.5, recurrent_dropout=0.5),
            (3, 4, 4),
            None,
            True,
        )
        if kind == "gru":
            before = {"reset_after": False}
            yield "gru_before", all_of(5, **before), (3, 7, 4), None, True
            yield "gru_before_masked", all_of(5, **before), (3, 7, 4), MIDDLE, True
            yield "gru_before_wide", all_of(17, **before), (2, 4, 19), None, True
            yield (
                "gru_before_dropout",
                all_of(5, dropout=0.5, recurrent_dropout=0.5, **before),
                (3, 7, 4),
                MIDDLE,
                True,
            )
            yield (
                "gru_before_silu",
                all_of(
                    4, activation="silu", recurrent_activation="hard_silu", **before
                ),
                (3, 3, 3),
                None,
                True,
            )
            yield "gru_before_no_bias", all_of(3, use_bias=False, **before), (
                2,
                3,
                2,
            ), None, True


def generate_recurrent():
    for name, layer, shape, mask, has_states in recurrent_cases():
        rng = rng_for(name)
        x = normal(rng, *shape)
        layer.build(shape)
        random_weights(layer, rng)
        batch, units = shape[0], layer.units
        count = 2 if isinstance(layer, layers.LSTM) else 1
        states = [
            normal(rng, batch, units) * (0.7 if has_states else 0) for _ in range(count)
        ]
        tensors = {"x": x}
        tensors |= {weight.name: weight.numpy() for weight in layer.trainable_weights}
        cell = layer.cell
        masks = getattr(cell, "dropout_mask_count", None)
        if isinstance(layer, layers.SimpleRNN) or not cell.recurrent_dropout:
            masks = None
        if cell.dropout:
            drawn = dropout(rng, batch, masks or 1, shape[2])
            split = [drawn[:, i] for i in range(drawn.shape[1])]
            cell._dropout_mask = split if masks else split[0]
            tensors["x_dropout"] = drawn
        if cell.recurrent_dropout:
            drawn = dropout(rng, batch, masks or 1, units)
            split = [drawn[:, i] for i in range(drawn.shape[1])]
            cell._recurrent_dropout_mask = split if masks else split[0]
            tensors["h_dropout"] = drawn
        inputs = tf.constant(x)
        initial = [tf.constant(state) for state in states]
        with tf.GradientTape() as tape:
            tape.watch([inputs, *initial])
            outputs = layer(
                inputs,
                initial_state=initial,
                mask=None if mask is None else tf.cast(mask, "bool"),
                training=bool(cell.dropout or cell.recurrent_dropout),
            )
            upstream = [normal(rng, *output.shape) for output in outputs]
            objective = sum(tf.reduce_sum(y * dy) for y, dy in zip(outputs, upstream))
        if mask is not None:
            tensors["mask"] = mask
        sources = {"dx": inputs, "dh0": initial[0]}
        if count == 2:
            sources["dc0"] = initial[1]
        sources |= {f"d_{weight.name}": weight.value for weight in layer.trainable_weights}
        for key, tensor in zip(("h0", "c0"), states):
            tensors[key] = tensor
        for key, tensor in zip(("y", "h", "c"), outputs):
            tensors[key] = tensor
        for key, tensor in zip(("dy", "dh", "dc"), upstream):
            tensors[key] = tensor
        for key, gradient in tape.gradient(objective, sources).items():
            tensors[key] = gradient
        add(name, layer, tensors)


# --- Attention ---------------------------------------------------------------


def generate_attention():
    middle = np.array([[1, 0, 1, 1, 0], [0, 1, 1, 1, 1]])
    explicit = rng_for("attention_mask").integers(0, 2, (2, 5, 5))
    explicit[0, 2] = 0
    cross = rng_for("attention_cross_mask").integers(0, 2, (2, 3, 6))
    for name, heads, width, value_width, steps, masks in (
        ("plain", 2, 3, 3, (5, 5), {}),
        ("one_head_one_step", 1, 4, 4, (1, 1), {}),
        ("value_width", 3, 2, 5, (5, 5), {}),
        ("cross", 2, 4, 3, (3, 6), {}),
        ("wide", 2, 17, 19, (3, 33), {}),
        ("causal", 2, 3, 3, (5, 5), {"use_causal_mask": True}),
        ("causal_cross", 2, 3, 3, (3, 6), {"use_causal_mask": True}),
        ("query_mask", 2, 3, 3, (5, 5), {"query_mask": middle}),
        ("key_mask", 2, 3, 3, (5, 5), {"value_mask": middle}),
        ("mask", 2, 3, 3, (5, 5), {"attention_mask": explicit}),
        ("cross_mask", 2, 3, 3, (3, 6), {"attention_mask": cross}),
        (
            "all_masks",
            2,
            3,
            4,
            (5, 5),
            {
                "query_mask": middle,
                "value_mask": middle,
                "attention_mask": explicit,
                "use_causal_mask": True,
            },
        ),
        ("fully_masked", 2, 3, 3, (5, 5), {"value_mask": middle * [[1], [0]]}),
        ("dropout", 2, 3, 4, (5, 5), {"use_causal_mask": True}),
    ):
        name = f"attention_{name}"
        rng = rng_for(name)
        drops = name.endswith("dropout")
        layer = layers.MultiHeadAttention(
            heads, width, value_width, dropout=0.5 if drops else 0.0
        )
        batch = 2
        layer.build((batch, steps[0], 8), (batch, steps[1], 8))
        q = normal(rng, batch, steps[0], heads, width)
        k = normal(rng, batch, steps[1], heads, width)
        v = normal(rng, batch, steps[1], heads, value_width)
        tensors = {"query": q, "key": k, "value": v}
        if drops:
            drawn = dropout(rng, batch, heads, *steps)
            tensors["dropout"] = drawn
            layer._dropout_layer = lambda scores, training: scores * drawn
        names = {"query_mask": "query_mask", "value_mask": "key_mask", "attention_mask": "mask"}
        for key, to in names.items():
            if key in masks:
                tensors[to] = masks[key]
        given = {
            key: tf.cast(mask, "bool") if key != "use_causal_mask" else mask
            for key, mask in masks.items()
        }
        inputs = [tf.constant(values) for values in (q, k, v)]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            mask = layer._compute_attention_mask(inputs[0], inputs[2], **given)
            y, _ = layer._compute_attention(
                *inputs, attention_mask=mask, training=True, return_attention_scores=True
            )
            dy = normal(rng, *y.shape)
            objective = tf.reduce_sum(y * dy)
        gradients = tape.gradient(objective, inputs)
        tensors |= {"y": y, "dy": dy}
        tensors |= dict(zip(("d_query", "d_key", "d_value"), gradients))
        add(name, layer, tensors, causal=masks.get("use_causal_mask", False))


# --- Embedding ---------------------------------------------------------------


def generate_embedding():
    for name, rows, width, shape in (
        ("embedding", 11, 5, (3, 7)),
        ("embedding_wide", 3, 33, (2, 9)),
        ("embedding_one", 1, 1, (2, 1)),
    ):
        rng = rng_for(name)
        layer = layers.Embedding(rows, width)
        layer.build(shape)
        layer.embeddings.assign(normal(rng, rows, width))
        tokens = rng.integers(0, rows, shape)
        with tf.GradientTape() as tape:
            y = layer(tf.constant(tokens))
            dy = normal(rng, *y.shape)
            objective = tf.reduce_sum(y * dy)
        gradient = tf.convert_to_tensor(tape.gradient(objective, layer.embeddings.value))
        add(
            name,
            layer,
            {
                "tokens": tokens,
                "table": layer.embeddings.numpy(),
                "y": y,
                "dy": dy,
                "d_table": gradient,
            },
        )


# --- One dimension -----------------------------------------------------------


def one_dimensional_cases():
    def conv(size, **config):
        return layers.Conv1D(3, size, **config)

    yield "conv1d_valid", conv(3), (2, 9, 4)
    yield "conv1d_same_even", conv(4, padding="same"), (2, 9, 4)
    yield "conv1d_same_stride2", conv(3, padding="same", strides=2), (2, 10, 2)
    yield "conv1d_valid_stride2", conv(3, strides=2), (2, 10, 2)
    yield "conv1d_dilation", conv(3, dilation_rate=2), (2, 9, 2)
    yield "conv1d_groups", layers.Conv1D(4, 3, groups=2, padding="same"), (2, 7, 4)
    yield "conv1d_causal", conv(3, padding="causal"), (2, 9, 4)
    yield "conv1d_causal_dilation", conv(3, padding="causal", dilation_rate=3), (2, 9, 2)
    yield "conv1d_causal_stride2", conv(3, padding="causal", strides=2), (2, 9, 2)
    yield "conv1d_causal_long", conv(7, padding="causal"), (2, 4, 2)
    yield "conv1d_one_step", conv(1), (2, 1, 4)
    yield "depthwise_conv1d_same", layers.DepthwiseConv1D(3, padding="same"), (2, 7, 4)
    yield (
        "depthwise_conv1d_valid",
        layers.DepthwiseConv1D(4, depth_multiplier=2, strides=2),
        (2, 9, 3),
    )
    for prefix, pool in (
        ("max_pooling1d", layers.MaxPooling1D),
        ("average_pooling1d", layers.AveragePooling1D),
    ):
        yield f"{prefix}_valid", pool(2), (2, 7, 3)
        yield f"{prefix}_same", pool(3, strides=2, padding="same"), (2, 8, 3)
        yield f"{prefix}_same_stride1", pool(2, strides=1, padding="same"), (2, 5, 3)


def generate_one_dimensional():
    for name, layer, shape in one_dimensional_cases():
        rng = rng_for(name)
        x = normal(rng, *shape)
        layer.build(shape)
        random_weights(layer, rng)
        inputs = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            y = layer(inputs)
            dy = normal(rng, *y.shape)
            objective = tf.reduce_sum(y * dy)
        tensors = {"x": x, "y": y, "dy": dy}
        tensors |= {weight.name: weight.numpy() for weight in layer.trainable_weights}
        sources = {"dx": inputs}
        sources |= {f"d_{weight.name}": weight.value for weight in layer.trainable_weights}
        for key, gradient in tape.gradient(objective, sources).items():
            tensors[key] = gradient
        add(name, layer, tensors)


def main():
    # One thread: the order of summation, so the last bits, depends on how many.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(generate.SEED)
    generate_recurrent()
    generate_attention()
    generate_embedding()
    generate_one_dimensional()
    write_safetensors("sequences.safetensors", TENSORS, METADATA)


if __name__ == "__main__":
    main()
