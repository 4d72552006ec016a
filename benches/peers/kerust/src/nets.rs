//! The networks of the tasks.

use kerust::prelude::*;

model! {
    pub Mlp<const CLASSES: usize>:
        Input(28, 28) => Flatten => Dense(128, relu) => Dense(CLASSES, softmax)
}

model! {
    pub Conv<const CLASSES: usize>:
        Input(28, 28, 1)
        => Conv2D(10, 3x3, same)
        => Flatten
        => Dense(64, relu)
        => Dense(CLASSES, softmax)
}

model! {
    pub DeepConv:
        Input(28, 28, 1)
        => Conv2D(32, 3x3, relu)
        => MaxPooling2D(2x2)
        => Conv2D(64, 3x3, relu)
        => MaxPooling2D(2x2)
        => Flatten
        => Dense(10, softmax)
}

model! {
    /// ResNet-8 of MLPerf Tiny.
    #[int8(input = int8, output = int8)]
    pub Deep:
        Input(32, 32, 3)
        => Conv2D(16, 3x3, same) => BatchNormalization => ReLU
        => Residual(
            Conv2D(16, 3x3, same) => BatchNormalization => ReLU
            => Conv2D(16, 3x3, same) => BatchNormalization)
        => ReLU
        => Residual(
            Conv2D(32, 3x3, strides = 2, same) => BatchNormalization => ReLU
            => Conv2D(32, 3x3, same) => BatchNormalization,
            shortcut = Conv2D(32, 1x1, strides = 2, same))
        => ReLU
        => Residual(
            Conv2D(64, 3x3, strides = 2, same) => BatchNormalization => ReLU
            => Conv2D(64, 3x3, same) => BatchNormalization,
            shortcut = Conv2D(64, 1x1, strides = 2, same))
        => ReLU
        => AveragePooling2D(8x8)
        => Flatten
        => Dense(10, softmax)
}

model! {
    /// Keyword spotting of MLPerf Tiny.
    #[int8(input = int8, output = int8)]
    pub Keywords:
        Input(49, 10, 1)
        => Conv2D(64, (10, 4), strides = 2, same) => BatchNormalization => ReLU
        => Repeat(4,
            DepthwiseConv2D(3x3, same) => BatchNormalization => ReLU
            => Conv2D(64, 1x1) => BatchNormalization => ReLU)
        => AveragePooling2D((25, 5))
        => Flatten
        => Dense(12, softmax)
}

model! {
    /// The rows of an image are steps.
    pub Lstm: Input(28, 28) => LSTM(64) => Dense(10, softmax)
}

model! { pub Gru: Input(100, 8) => GRU(32) => Dense(10, softmax) }

model! {
    /// Two encoder blocks of width 64 with 4 heads.
    pub Transformer:
        Input(64, 64)
        => Repeat(2,
            Residual(LayerNormalization => MultiHeadAttention(num_heads = 4, key_dim = 16))
            => Residual(LayerNormalization => Dense(256, gelu) => Dense(64)))
        => GlobalAveragePooling1D
        => Dense(10, softmax)
}
