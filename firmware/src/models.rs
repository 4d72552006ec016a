//! The models, each declared once: the workstation trains or loads it, the device runs it.

use kerust::model;

model! {
    /// Ten kinds of clothing from 28×28 grey pixels.
    pub Fashion:
        Input(28, 28, 1)
        => Rescaling(1.0 / 255.0)
        => Conv2D(10, 3x3, same)
        => Flatten
        => Dense(64, relu)
        => Dense(10, softmax)
}

model! {
    /// Anomaly detection of MLPerf Tiny: an autoencoder of sounds.
    pub Autoencoder:
        Input(640)
        => Repeat(4, Dense(128) => BatchNormalization => ReLU)
        => Dense(8) => BatchNormalization => ReLU
        => Repeat(4, Dense(128) => BatchNormalization => ReLU)
        => Dense(640)
}

model! {
    /// Image classification of MLPerf Tiny: He et al. (2015), eight layers deep.
    pub ResNet8:
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
