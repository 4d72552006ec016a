//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `sequence.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `SequenceInt8::trained()`.
    #[int8(input = int8, output = int8, weights("sequence.safetensors"))]
    pub Sequence:
        Input(24, 4)
        => ZeroPadding1D((2, 0))
        => Reshape(1, 26, 4)
        => Conv2D(8, 1x3, relu)
        => LeakyReLU(0.2)
        => Conv2D(6, 1x5, strides = 1x2, same)
        => Reshape(12, 6)
        => Dense(7, relu)
        => GlobalAveragePooling1D
        => Dense(1, sigmoid)
}
