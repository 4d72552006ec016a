//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `real.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `RealInt8::trained()`.
    #[int8(weights("real.safetensors"))]
    pub Real:
        Input(9, 7, 1)
        => Conv2D(4, 4x3, strides = 2x1, same, relu)
        => MaxPooling2D(2x3, same)
        => Flatten
        => Dense(5, softmax)
}
