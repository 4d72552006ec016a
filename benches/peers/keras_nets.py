"""The networks of the tasks in Keras, with channels last."""

from keras import Model, layers


def net(work: str, classes: int):
    if work == "mlp":
        return chain([
            layers.Input((28, 28, 1)), layers.Flatten(),
            layers.Dense(128, activation="relu"), layers.Dense(classes, activation="softmax")])
    if work == "conv":
        return chain([
            layers.Input((28, 28, 1)), layers.Conv2D(10, 3, padding="same"), layers.Flatten(),
            layers.Dense(64, activation="relu"), layers.Dense(classes, activation="softmax")])
    if work == "deep-conv":
        return chain([
            layers.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(),
            layers.Flatten(), layers.Dense(classes, activation="softmax")])
    if work == "lstm":
        return chain([layers.Input((28, 28)), layers.LSTM(64), layers.Dense(classes, activation="softmax")])
    if work == "gru":
        return chain([layers.Input((100, 8)), layers.GRU(32), layers.Dense(classes, activation="softmax")])
    if work == "transformer":
        return transformer(classes)
    if work == "keywords":
        return keywords(classes)
    return resnet8(classes)


def chain(parts):
    inputs, *rest = parts
    x = inputs
    for layer in rest:
        x = layer(x)
    return Model(inputs, x)


def keywords(classes: int):
    """Keyword spotting of MLPerf Tiny: a net of depthwise convolutions."""
    parts = [layers.Input((49, 10, 1)),
             layers.Conv2D(64, (10, 4), strides=2, padding="same"), layers.BatchNormalization(), layers.ReLU()]
    for _ in range(4):
        parts += [layers.DepthwiseConv2D(3, padding="same"), layers.BatchNormalization(), layers.ReLU(),
                  layers.Conv2D(64, 1), layers.BatchNormalization(), layers.ReLU()]
    parts += [layers.AveragePooling2D((25, 5)), layers.Flatten(), layers.Dense(classes, activation="softmax")]
    return chain(parts)


def resnet8(classes: int):
    """ResNet-8 of MLPerf Tiny."""
    inputs = layers.Input((32, 32, 3))

    def conv(x, filters, strides=1):
        x = layers.Conv2D(filters, 3, strides=strides, padding="same")(x)
        return layers.BatchNormalization()(x)

    x = layers.ReLU()(conv(inputs, 16))
    for filters, strides in [(16, 1), (32, 2), (64, 2)]:
        y = conv(layers.ReLU()(conv(x, filters, strides)), filters)
        if strides > 1:
            x = layers.Conv2D(filters, 1, strides=strides, padding="same")(x)
        x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.Flatten()(layers.AveragePooling2D(8)(x))
    return Model(inputs, layers.Dense(classes, activation="softmax")(x))


def transformer(classes: int):
    """Two encoder blocks of width 64 with 4 heads."""
    inputs = x = layers.Input((64, 64))
    for _ in range(2):
        y = layers.LayerNormalization()(x)
        x = layers.Add()([x, layers.MultiHeadAttention(num_heads=4, key_dim=16)(y, y)])
        y = layers.Dense(256, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, layers.Dense(64)(y)])
    x = layers.GlobalAveragePooling1D()(x)
    return Model(inputs, layers.Dense(classes, activation="softmax")(x))
