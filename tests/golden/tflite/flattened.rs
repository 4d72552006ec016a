//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `flattened.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `FlattenedInt8::trained()`.
    #[int8(input = int8, output = int8, weights("flattened.safetensors"))]
    pub Flattened:
        Input(6, 5, 2)
        => Conv2D(3, 2x3, dilation_rate = 2x1, relu)
        => Flatten
        => Dense(16, relu)
        => Dense(4)
}
