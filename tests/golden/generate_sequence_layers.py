"""Write the golden numbers of sequence layers, computed by the real Keras.

Set up the environment as `generate.py` says, and run

    keras-venv/bin/python tests/golden/generate_sequence_layers.py

It writes two files.

`sequence_layers.safetensors`: forward and backward passes of single layers. The
metadata maps the name of every case to JSON, `{"class_name", "config"}`. The
tensors of a case are `CASE.x`, `CASE.y` (the output), `CASE.w0`, `CASE.w1`, ..
(the weights, in Keras's order), `CASE.dy` (the upstream gradient),
and the gradients of sum(y * dy): `CASE.dx`, `CASE.d_w0`, ... Weights that are not
trainable come last, and have no gradient. Layers of two inputs have `CASE.x0`,
`CASE.dx0`, `CASE.x1`, `CASE.dx1`.

`sequence_training.safetensors`: training runs of small models from given weights,
one batch of 8 samples a step, with Adam(0.01) and the mean squared error. The
tensors of a run are `RUN.weights` (all, one after the other, layer by layer),
`RUN.x`, `RUN.y`, and `RUN.losses`, one for each step, before its update.
"""

import json

import generate
import keras
import numpy as np
import tensorflow as tf
from generate import describe, normal, rng_for, write_safetensors

layers = keras.layers
STEPS, BATCH = 20, 8


def layer_cases():
    """Yield (name, layer, shape of the input, the first size being the batch)."""
    yield "dense_steps", layers.Dense(5, activation="tanh"), (2, 7, 3)
    yield "dense_one_step", layers.Dense(3, use_bias=False), (2, 1, 17)
    yield "layer_normalization_steps", layers.LayerNormalization(), (2, 7, 5)
    yield "batch_normalization_steps", layers.BatchNormalization(), (2, 7, 5)
    yield "softmax_steps", layers.Softmax(), (2, 7, 5)
    yield "gelu_steps", layers.Activation("gelu"), (2, 7, 5)
    yield "flatten_steps", layers.Flatten(), (2, 7, 5)
    yield "reshape_steps", layers.Reshape((5, 7)), (2, 7, 5)

    def conv(filters, size, **config):
        return layers.Conv1D(filters, size, **config)

    for name, layer, shape in (
        ("same", conv(4, 3, padding="same"), (2, 7, 3)),
        ("valid_relu", conv(4, 3, activation="relu"), (2, 7, 3)),
        ("causal", conv(4, 3, padding="causal"), (2, 7, 3)),
        ("causal_dilation3", conv(4, 3, padding="causal", dilation_rate=3), (2, 7, 3)),
        ("causal_stride3", conv(4, 4, padding="causal", strides=3), (2, 8, 3)),
        ("causal_stride2", conv(4, 2, padding="causal", strides=2), (2, 7, 3)),
        ("stride2_same", conv(3, 4, strides=2, padding="same"), (2, 9, 2)),
        ("stride2_valid", conv(3, 3, strides=2), (2, 8, 2)),
        ("dilation2", conv(3, 3, dilation_rate=2), (2, 9, 2)),
        ("groups2", conv(6, 3, groups=2, padding="same"), (2, 5, 4)),
        ("one_step", conv(3, 1), (2, 1, 17)),
        ("no_bias", conv(1, 3, use_bias=False, padding="same"), (2, 17, 1)),
    ):
        yield f"conv1d_{name}", layer, shape
    yield (
        "depthwise_conv1d_same",
        layers.DepthwiseConv1D(3, padding="same", depth_multiplier=2),
        (2, 7, 3),
    )
    yield (
        "depthwise_conv1d_stride2",
        layers.DepthwiseConv1D(4, 2, activation="relu", use_bias=False),
        (2, 9, 5),
    )
    yield (
        "separable_conv1d_same",
        layers.SeparableConv1D(4, 3, padding="same", depth_multiplier=2),
        (2, 7, 3),
    )
    yield (
        "separable_conv1d_stride2",
        layers.SeparableConv1D(5, 3, 2, activation="tanh", use_bias=False),
        (2, 8, 3),
    )
    yield (
        "conv1d_transpose_same",
        layers.Conv1DTranspose(4, 3, 2, padding="same"),
        (2, 5, 3),
    )
    yield (
        "conv1d_transpose_valid",
        layers.Conv1DTranspose(2, 4, 3, activation="relu"),
        (2, 5, 3),
    )
    for prefix, pooling in (
        ("max_pooling1d", layers.MaxPooling1D),
        ("average_pooling1d", layers.AveragePooling1D),
    ):
        yield f"{prefix}_2", pooling(2), (2, 7, 3)
        yield f"{prefix}_3_stride2_same", pooling(3, 2, "same"), (2, 8, 3)
        yield f"{prefix}_2_stride1", pooling(2, 1), (2, 5, 3)
    yield "global_max_pooling1d", layers.GlobalMaxPooling1D(), (2, 7, 3)
    yield "global_average_pooling1d", layers.GlobalAveragePooling1D(), (2, 7, 3)
    yield "zero_padding1d", layers.ZeroPadding1D((1, 2)), (2, 5, 3)
    yield "zero_padding1d_2", layers.ZeroPadding1D(2), (2, 1, 3)
    yield "cropping1d", layers.Cropping1D((1, 2)), (2, 7, 3)
    yield "cropping1d_default", layers.Cropping1D(), (2, 7, 3)
    yield "up_sampling1d", layers.UpSampling1D(3), (2, 5, 3)
    yield "repeat_vector", layers.RepeatVector(4), (2, 3)
    yield "permute", layers.Permute((2, 1)), (2, 5, 3)
    yield "permute_image", layers.Permute((3, 1, 2)), (2, 5, 3, 2)

    for prefix, cell in (
        ("simple_rnn", layers.SimpleRNN),
        ("lstm", layers.LSTM),
        ("gru", layers.GRU),
    ):
        yield f"{prefix}_last", cell(5), (3, 7, 3)
        yield f"{prefix}_sequences", cell(5, return_sequences=True), (3, 7, 3)
        yield (
            f"{prefix}_backwards",
            cell(4, go_backwards=True, return_sequences=True),
            (3, 6, 2),
        )
        yield f"{prefix}_one_step", cell(3), (2, 1, 17)
        yield f"{prefix}_one_feature", cell(1, use_bias=False), (2, 17, 1)
        yield f"{prefix}_relu", cell(5, activation="relu"), (3, 7, 3)
    yield (
        "lstm_gates",
        layers.LSTM(4, recurrent_activation="hard_sigmoid", activation="softsign"),
        (3, 5, 3),
    )
    yield "gru_before", layers.GRU(5, reset_after=False), (3, 7, 3)
    yield (
        "gru_before_sequences",
        layers.GRU(5, reset_after=False, return_sequences=True, use_bias=False),
        (3, 7, 3),
    )
    for mode in ("concat", "sum", "mul", "ave"):
        yield (
            f"bidirectional_lstm_{mode}",
            layers.Bidirectional(layers.LSTM(4), merge_mode=mode),
            (3, 5, 3),
        )
        yield (
            f"bidirectional_gru_sequences_{mode}",
            layers.Bidirectional(
                layers.GRU(4, return_sequences=True), merge_mode=mode
            ),
            (3, 5, 3),
        )
    yield (
        "bidirectional_simple_rnn",
        layers.Bidirectional(layers.SimpleRNN(3, activation="relu")),
        (2, 1, 17),
    )

    yield (
        "time_distributed_dense",
        layers.TimeDistributed(layers.Dense(4, activation="relu")),
        (2, 5, 3),
    )
    yield (
        "time_distributed_conv2d",
        layers.TimeDistributed(
            layers.Conv2D(3, 3, padding="same", activation="relu")
        ),
        (2, 3, 5, 4, 2),
    )
    yield "time_distributed_flatten", layers.TimeDistributed(layers.Flatten()), (2, 3, 5, 2)
    yield "time_distributed_lstm", layers.TimeDistributed(layers.LSTM(4)), (2, 3, 5, 2)

    def attention(heads, width, **config):
        return layers.MultiHeadAttention(heads, width, **config)

    yield "self_attention", attention(2, 3), (2, 5, 4)
    yield "self_attention_wider", attention(2, 3, output_shape=7), (2, 5, 4)
    yield "self_attention_narrower", attention(2, 3, output_shape=1, use_bias=False), (2, 5, 4)
    yield "self_attention_one_head", attention(1, 8, value_dim=3), (2, 7, 3)
    yield "self_attention_one_step", attention(3, 1, use_bias=False), (2, 1, 17)
    yield "self_attention_causal", attention(2, 3, value_dim=5), (2, 5, 4)


def two_input_cases():
    """Yield (name, layer, shapes of the inputs)."""
    yield (
        "cross_attention",
        layers.MultiHeadAttention(2, 3, value_dim=5),
        ((2, 5, 4), (2, 7, 6)),
    )
    yield (
        "cross_attention_causal",
        layers.MultiHeadAttention(1, 4, use_bias=False),
        ((2, 3, 3), (2, 5, 3)),
    )
    yield "attention_dot", layers.Attention(), ((2, 5, 4), (2, 7, 4))
    yield "attention_dot_causal", layers.Attention(), ((2, 5, 3), (2, 5, 3))
    yield "additive_attention", layers.AdditiveAttention(), ((2, 5, 4), (2, 7, 4))
    yield (
        "additive_attention_causal",
        layers.AdditiveAttention(use_scale=False),
        ((2, 5, 3), (2, 5, 3)),
    )
    yield "dot_rows", layers.Dot(axes=2), ((2, 5, 4), (2, 7, 4))
    yield "dot_axes", layers.Dot(axes=(1, 2)), ((2, 5, 4), (2, 3, 5))
    yield "dot_vectors", layers.Dot(axes=1), ((2, 17), (2, 17))
    yield "dot_last", layers.Dot(axes=-1), ((2, 5, 4), (2, 7, 4))
    yield "dot_negative", layers.Dot(axes=(-2, -1)), ((2, 5, 4), (2, 3, 5))
    yield "dot_normalize", layers.Dot(axes=-1, normalize=True), ((2, 5, 4), (2, 7, 4))
    yield "dot_normalize_axes", layers.Dot((1, 2), normalize=True), ((2, 5, 4), (2, 3, 5))
    yield "dot_cosine", layers.Dot(1, normalize=True), ((2, 17), (2, 17))
    yield "dot_row_and_vector", layers.Dot(axes=(2, 1)), ((2, 5, 4), (2, 4))


def call(name, layer, inputs):
    causal = {"use_causal_mask": True} if name.endswith("causal") else {}
    if isinstance(layer, layers.MultiHeadAttention):
        return layer(*(inputs * 2)[:2], **causal)
    if len(inputs) > 1:
        return layer(list(inputs), **causal)
    return layer(inputs[0])


def generate_layers():
    tensors, metadata = {}, {}
    cases = [(name, layer, (shape,)) for name, layer, shape in layer_cases()]
    for name, layer, shapes in cases + list(two_input_cases()):
        assert name not in metadata
        rng = rng_for(name)
        inputs = [tf.constant(normal(rng, *shape)) for shape in shapes]
        call(name, layer, inputs)
        weights = layer.trainable_weights + layer.non_trainable_weights
        weights = [w for w in weights if "seed" not in w.path]
        for weight in weights:
            positive = weight.name in ("moving_variance", "gamma")
            values = 0.5 * normal(rng, *weight.shape)
            weight.assign(np.abs(values) + 0.3 if positive else values)
        trained = [w for w in weights if w.trainable]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            y = call(name, layer, inputs)
            dy = normal(rng, *y.shape)
            objective = tf.reduce_sum(y * dy)
        found = tape.gradient(objective, [*inputs, *(w.value for w in trained)])
        number = (lambda place: place) if len(inputs) > 1 else (lambda place: "")
        for place, (x, dx) in enumerate(zip(inputs, found)):
            tensors[f"{name}.x{number(place)}"] = x.numpy()
            tensors[f"{name}.dx{number(place)}"] = dx.numpy()
        tensors[f"{name}.y"], tensors[f"{name}.dy"] = y.numpy(), dy
        for place, weight in enumerate(weights):
            tensors[f"{name}.w{place}"] = weight.numpy()
        # A frozen layer's, for its moments are the averages.
        frozen = isinstance(layer, layers.BatchNormalization)
        for place, gradient in enumerate([] if frozen else found[len(inputs) :]):
            tensors[f"{name}.d_w{place}"] = gradient.numpy()
        metadata[name] = json.dumps({"class_name": type(layer).__name__})
    write_safetensors("sequence_layers.safetensors", tensors, metadata)


def runs():
    """Yield (name, layers, shape of a sample)."""
    yield (
        "forecast",
        [
            layers.Conv1D(8, 3, padding="causal", activation="relu"),
            layers.LSTM(6, return_sequences=True),
            layers.GRU(5),
            layers.Dense(1),
        ],
        (9, 2),
    )
    yield (
        "lstm",
        [layers.LSTM(7, return_sequences=True), layers.LSTM(5), layers.Dense(2)],
        (7, 3),
    )
    yield (
        "gru",
        [
            layers.GRU(7, return_sequences=True, reset_after=False),
            layers.BatchNormalization(),
            layers.GRU(5),
            layers.Dense(2),
        ],
        (7, 3),
    )
    yield (
        "bidirectional",
        [
            layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
            layers.Bidirectional(layers.GRU(3), merge_mode="sum"),
            layers.Dense(2),
        ],
        (7, 3),
    )


def transformer():
    """One block: attention and a feed-forward part, each with a way around."""
    inputs = keras.Input((6, 8))
    x = layers.LayerNormalization()(inputs)
    x = layers.Add()([inputs, layers.MultiHeadAttention(2, 4)(x, x)])
    y = layers.LayerNormalization()(x)
    y = layers.Dense(8)(layers.Dense(16, activation="gelu")(y))
    x = layers.Add()([x, y])
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, layers.Dense(2)(x))


def generate_training():
    tensors = {}
    models = [
        (name, keras.Sequential([keras.Input(shape), *parts]))
        for name, parts, shape in runs()
    ]
    for name, model in [*models, ("transformer", transformer())]:
        rng = rng_for(f"train {name}")
        for weight in model.trainable_weights:
            if len(weight.shape) > 1:
                values = normal(rng, *weight.shape) / np.sqrt(weight.shape[0])
                weight.assign(0.7 * values)
        layered = [w for layer in model.layers for w in layer.weights]
        layered = [w for w in layered if "seed" not in w.path]
        flat = np.concatenate([w.numpy().ravel() for w in layered])
        x = normal(rng, STEPS, BATCH, *model.input_shape[1:])
        y = normal(rng, STEPS, BATCH, *model.output_shape[1:])
        model.compile(
            keras.optimizers.Adam(0.01), "mean_squared_error", jit_compile=False
        )
        losses = [float(model.train_on_batch(*batch)) for batch in zip(x, y)]
        tensors |= {
            f"{name}.weights": flat,
            f"{name}.x": x.reshape(-1, *x.shape[2:]),
            f"{name}.y": y.reshape(-1, *y.shape[2:]),
            f"{name}.losses": np.array(losses, "float32"),
        }
    write_safetensors("sequence_training.safetensors", tensors, {})


if __name__ == "__main__":
    generate_layers()
    generate_training()
