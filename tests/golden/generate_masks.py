"""Write the golden numbers of models with tokens, masks and states, computed by the real Keras.

Set up the environment as `generate.py` says, and run

    keras-venv/bin/python tests/golden/generate_masks.py

It writes `masks.safetensors`. The tensors of a model are `MODEL.x0`, `MODEL.x1`, .. (the inputs; tokens as
whole numbers in F32), `MODEL.weights` (all, one after the other, layer by layer), `MODEL.y` (the
output), `MODEL.dy` (the upstream gradient), and `MODEL.d_weights`, the gradient of sum(y * dy).
"""

import keras
import numpy as np
import tensorflow as tf
from generate import normal, rng_for, write_safetensors

layers = keras.layers
BATCH, VOCABULARY = 4, 11


def tokens(name, steps, empty):
    """Tokens with padding at the end, in the middle, at the beginning, and (if `empty`) everywhere."""
    rng = rng_for(f"tokens {name}")
    x = rng.integers(1, VOCABULARY, (BATCH, steps))
    x[0, steps - 2 :] = 0
    x[1, 1:3] = 0
    x[2, 0] = 0
    if empty:
        x[3, :] = 0
    return x.astype("int32")


def series(name, steps, features):
    x = normal(rng_for(f"series {name}"), BATCH, steps, features)
    x[0, steps - 2 :] = 0
    x[1, 1:3] = 0
    x[2, 0] = 0
    x[3, :] = 0
    return x


def embedding(width):
    return layers.Embedding(VOCABULARY, width, mask_zero=True)


def models():
    """Yield (name, inputs, output, values of the inputs)."""

    def chain(name, *parts, steps=6, empty=True):
        inputs = keras.Input((steps,), dtype="int32")
        x = inputs
        for part in parts:
            x = part(x)
        return name, [inputs], x, [tokens(name, steps, empty)]

    yield chain("lstm", embedding(4), layers.LSTM(5))
    yield chain(
        "lstm_sequences",
        embedding(4),
        layers.LSTM(5, return_sequences=True),
        layers.GlobalAveragePooling1D(),
        empty=False,
    )
    yield chain(
        "gru_backwards",
        embedding(4),
        layers.GRU(5, return_sequences=True, go_backwards=True),
        layers.SimpleRNN(3),
    )
    yield chain(
        "gru_before", embedding(3), layers.GRU(4, reset_after=False), steps=5
    )
    yield chain(
        "simple_rnn_zeros",
        embedding(4),
        layers.SimpleRNN(5, return_sequences=True, zero_output_for_mask=True),
        layers.LSTM(3),
    )
    yield chain(
        "two_layers",
        embedding(4),
        layers.LSTM(5, return_sequences=True),
        layers.GRU(3),
    )
    yield chain(
        "bidirectional",
        embedding(4),
        layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
        layers.Bidirectional(layers.GRU(2), merge_mode="sum"),
    )
    yield chain(
        "kept",
        embedding(4),
        layers.LayerNormalization(),
        layers.Dense(5, activation="tanh"),
        layers.Dropout(0.5),
        layers.Rescaling(0.5),
        layers.LSTM(3),
    )
    yield chain(
        "average", embedding(4), layers.GlobalAveragePooling1D(), empty=False
    )

    inputs = keras.Input((6, 3))
    x = layers.Masking()(inputs)
    x = layers.GRU(4, return_sequences=True)(x)
    x = layers.LSTM(3)(layers.Dense(2)(x))
    yield "masking", [inputs], x, [series("masking", 6, 3)]

    inputs = keras.Input((5,), dtype="int32")
    x = embedding(4)(inputs)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 3)(x, x)])
    x = layers.GlobalAveragePooling1D()(x)
    yield "self_attention", [inputs], x, [tokens("self_attention", 5, False)]

    inputs = [keras.Input((5,), dtype="int32"), keras.Input((7,), dtype="int32")]
    query, value = (embedding(4)(x) for x in inputs)
    x = layers.MultiHeadAttention(2, 3)(query, value)
    given = [tokens("query", 5, True), tokens("value", 7, False)]
    yield "cross_attention", inputs, layers.LSTM(3)(x), given

    inputs = [keras.Input((5,), dtype="int32"), keras.Input((7, 4))]
    x = layers.MultiHeadAttention(1, 3)(embedding(4)(inputs[0]), inputs[1])
    given = [tokens("query alone", 5, True), series("value alone", 7, 4)]
    yield "masked_query", inputs, layers.LSTM(3)(x), given

    inputs = [keras.Input((5, 4)), keras.Input((7,), dtype="int32")]
    x = layers.MultiHeadAttention(1, 3)(inputs[0], embedding(4)(inputs[1]))
    given = [series("query of values", 5, 4), tokens("value of queries", 7, False)]
    yield "masked_value", inputs, layers.LSTM(3)(x), given

    for merge in [layers.Add, layers.Subtract, layers.Average, layers.Concatenate]:
        name = merge.__name__.lower().replace("average", "averages")
        inputs = [keras.Input((5,), dtype="int32"), keras.Input((5,), dtype="int32")]
        x = merge()([embedding(3)(x) for x in inputs])
        given = [tokens(f"{name} a", 5, True), tokens(f"{name} b", 5, True)]
        yield name, inputs, layers.LSTM(3)(x), given

    for merge in [layers.Multiply, layers.Maximum, layers.Minimum]:
        name = merge.__name__.lower()
        inputs = [keras.Input((5,), dtype="int32"), keras.Input((5,), dtype="int32")]
        x = merge()([embedding(3)(x) for x in inputs])
        given = [tokens(f"{name} a", 5, True), tokens(f"{name} b", 5, True)]
        given[1][0, :] = 3
        yield name, inputs, layers.LSTM(3)(x), given

    for merge in [layers.Add, layers.Multiply, layers.Maximum, layers.Minimum]:
        name = f"{merge.__name__.lower()}_three"
        inputs = [keras.Input((5,), dtype="int32") for _ in range(3)]
        x = merge()([embedding(3)(x) for x in inputs])
        given = [tokens(f"{name} {which}", 5, True) for which in "abc"]
        given[1][0, :] = 3
        given[2][1, :] = 4
        given[2][2, 2:] = 0
        yield name, inputs, layers.LSTM(3)(x), given

    inputs = [keras.Input((5,), dtype="int32"), keras.Input((7,), dtype="int32")]
    x = layers.Concatenate(axis=1)([embedding(3)(x) for x in inputs])
    given = [tokens("along steps a", 5, True), tokens("along steps b", 7, False)]
    yield "along_steps", inputs, layers.LSTM(3)(x), given

    inputs = keras.Input((6,), dtype="int32")
    x = embedding(4)(inputs)
    normal = layers.LayerNormalization()(x)
    x = layers.Add()([x, layers.Dense(4, activation="relu")(normal)])
    for _ in range(2):
        x = layers.Add()([x, layers.Dense(4, activation="tanh")(x)])
    x = layers.TimeDistributed(layers.Dense(3))(x)
    yield "blocks", [inputs], layers.LSTM(2)(x), [tokens("blocks", 6, True)]

    inputs = keras.Input((6, 3))
    x, h, c = layers.LSTM(4, return_sequences=True, return_state=True)(inputs)
    x = layers.Flatten()(x)
    x = layers.Concatenate()([x, h, c])
    yield "lstm_states", [inputs], x, [series("lstm_states", 6, 3)]

    inputs = keras.Input((6,), dtype="int32")
    _, h = layers.GRU(4, return_state=True)(embedding(3)(inputs))
    yield "gru_state", [inputs], layers.Dense(2)(h), [tokens("gru_state", 6, True)]

    inputs = [keras.Input((6,), dtype="int32"), keras.Input((4, 3))]
    _, h, c = layers.LSTM(5, return_state=True)(embedding(3)(inputs[0]))
    x = layers.LSTM(5, return_sequences=True)(inputs[1], initial_state=[h, c])
    given = [tokens("encoder", 6, True), series("decoder", 4, 3)]
    yield "encoder_decoder", inputs, layers.Dense(2)(x), given

    inputs = [keras.Input((6,), dtype="int32"), keras.Input((4,), dtype="int32")]
    _, h = layers.GRU(5, return_state=True)(embedding(3)(inputs[0]))
    # Keras 3.15.1 loses the mask of a recurrent layer that is called with `initial_state`,
    # unless it is handed over.
    to = embedding(2)
    x = layers.GRU(5, return_sequences=True)(
        to(inputs[1]), mask=to.compute_mask(inputs[1]), initial_state=h
    )
    given = [tokens("gru encoder", 6, True), tokens("gru decoder", 4, True)]
    yield "gru_encoder_decoder", inputs, layers.LSTM(2)(x), given

    yield from both_ways()
    yield from attention()


def both_ways():
    """`Bidirectional` with states: the outputs are the sequence, the forward states and the backward states."""

    def both(cell, units, mode="concat", **config):
        return layers.Bidirectional(cell(units, **config), merge_mode=mode)

    inputs = keras.Input((6, 3))
    x, *states = both(layers.LSTM, 4, return_sequences=True, return_state=True)(inputs)
    x = layers.Concatenate()([layers.Flatten()(x), *states])
    yield "both_lstm_states", [inputs], x, [series("both_lstm_states", 6, 3)]

    inputs = keras.Input((6,), dtype="int32")
    x, *states = both(layers.GRU, 3, "mul", return_state=True)(embedding(3)(inputs))
    x = layers.Concatenate()([x, *states])
    yield "both_gru_states", [inputs], x, [tokens("both_gru_states", 6, True)]

    inputs = keras.Input((1, 1))
    x = both(layers.SimpleRNN, 1, "ave", return_state=True)(inputs)
    x = layers.Concatenate()(list(x))
    yield "both_simple_rnn_states", [inputs], x, [normal(rng_for("both simple"), BATCH, 1, 1)]

    # As above, the mask of a layer with `initial_state` is handed over.
    inputs = [keras.Input((6,), dtype="int32"), keras.Input((4,), dtype="int32")]
    _, *states = both(layers.LSTM, 5, return_state=True)(embedding(3)(inputs[0]))
    to = embedding(2)
    x, *states = both(layers.LSTM, 5, "sum", return_sequences=True, return_state=True)(
        to(inputs[1]), mask=to.compute_mask(inputs[1]), initial_state=states
    )
    x = layers.Concatenate()([layers.LSTM(2)(x, mask=to.compute_mask(inputs[1])), *states])
    given = [tokens("both encoder", 6, True), tokens("both decoder", 4, True)]
    yield "both_encoder_decoder", inputs, x, given

    inputs = [keras.Input((6, 2)), keras.Input((1, 3))]
    _, *states = both(layers.GRU, 3, return_state=True)(inputs[0])
    x = both(layers.GRU, 3, return_sequences=True)(inputs[1], initial_state=states)
    given = [series("both from", 6, 2), normal(rng_for("both to"), BATCH, 1, 3)]
    yield "both_gru_encoder_decoder", inputs, layers.Dense(2)(x), given


def attention():
    """Attention without projections, with masks: of query, value or both, and a sample without any valid step."""
    for name, layer in (
        ("attention", layers.Attention()),
        ("attention_scaled", layers.Attention(use_scale=True)),
        ("attention_concat", layers.Attention(score_mode="concat")),
        ("attention_scaled_concat", layers.Attention(use_scale=True, score_mode="concat")),
        ("attention_additive", layers.AdditiveAttention()),
        ("attention_additive_plain", layers.AdditiveAttention(use_scale=False)),
    ):
        inputs = [keras.Input((5,), dtype="int32"), keras.Input((7,), dtype="int32")]
        x = layer([embedding(4)(x) for x in inputs])
        given = [tokens(f"{name} query", 5, True), tokens(f"{name} value", 7, True)]
        given[0][3, 1] = 5
        yield name, inputs, layers.LSTM(3)(x), given

    inputs = [keras.Input((5,), dtype="int32"), keras.Input((7, 4))]
    x = layers.Attention(use_scale=True)([embedding(4)(inputs[0]), inputs[1]])
    given = [tokens("attention query alone", 5, True), series("attention value alone", 7, 4)]
    yield "attention_masked_query", inputs, layers.LSTM(3)(x), given

    inputs = [keras.Input((5, 4)), keras.Input((5,), dtype="int32")]
    x = layers.AdditiveAttention()(
        [inputs[0], embedding(4)(inputs[1])], use_causal_mask=True
    )
    given = [series("attention of values", 5, 4), tokens("attention of queries", 5, True)]
    yield "attention_masked_value", inputs, layers.LSTM(3)(x), given

    inputs = [keras.Input((1, 1)), keras.Input((3, 1)), keras.Input((3, 1))]
    layer = layers.Attention(use_scale=True, score_mode="concat")
    x = layer(inputs, use_causal_mask=True)
    given = [normal(rng_for(f"attention {name}"), BATCH, *i.shape[1:]) for name, i in zip("qvk", inputs)]
    yield "attention_three", inputs, layers.Flatten()(x), given


def normalized():
    """A training step through BatchNormalization, whose moments are those of the valid steps.

    All weights of each layer follow each other, those that are not trained too. With a momentum of 0 the averages
    after the step are the moments; they stand in `d_weights` in the place of the averages.
    """
    inputs = keras.Input((6,), dtype="int32")
    norm = layers.BatchNormalization(momentum=0.0)
    x = norm(embedding(4)(inputs))
    model = keras.Model(inputs, layers.GRU(3, return_sequences=True)(x))
    rng = rng_for("masks normalized")
    weights = [weight for layer in model.layers for weight in layer.weights]
    for weight in weights:
        weight.assign(0.5 * normal(rng, *weight.shape))
    norm.moving_variance.assign(np.abs(norm.moving_variance.numpy()) + 0.1)
    flat = np.concatenate([w.numpy().ravel() for w in weights])
    x = tokens("normalized", 6, True)
    inferred = model(x, training=False).numpy()
    with tf.GradientTape() as tape:
        y = model(x, training=True)
        dy = normal(rng, *y.shape)
        objective = tf.reduce_sum(y * dy)
    found = tape.gradient(objective, [w.value for w in model.trainable_weights])
    found = {w.path: tf.convert_to_tensor(d).numpy() for w, d in zip(model.trainable_weights, found)}
    found = [found.get(w.path, w.numpy()).ravel() for w in weights]
    return {
        "normalized.x0": x.astype("float32"),
        "normalized.weights": flat,
        "normalized.inferred": inferred,
        "normalized.y": y.numpy(),
        "normalized.dy": dy,
        "normalized.d_weights": np.concatenate(found),
    }


def generate():
    tensors = {}
    for name, inputs, output, values in models():
        model = keras.Model(inputs, output)
        rng = rng_for(f"masks {name}")
        for weight in model.trainable_weights:
            weight.assign(0.5 * normal(rng, *weight.shape))
        with tf.GradientTape() as tape:
            y = model(values if len(values) > 1 else values[0])
            dy = normal(rng, *y.shape)
            objective = tf.reduce_sum(y * dy)
        weights = model.trainable_weights
        found = tape.gradient(objective, [w.value for w in weights])
        found = [tf.convert_to_tensor(it).numpy().ravel() for it in found]
        for number, x in enumerate(values):
            tensors[f"{name}.x{number}"] = x.astype("float32")
        tensors |= {
            f"{name}.weights": np.concatenate([w.numpy().ravel() for w in weights]),
            f"{name}.y": y.numpy(),
            f"{name}.dy": dy,
            f"{name}.d_weights": np.concatenate(found),
        }
    tensors |= normalized()
    write_safetensors("masks.safetensors", tensors, {})


if __name__ == "__main__":
    generate()
