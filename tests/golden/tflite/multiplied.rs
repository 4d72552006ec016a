//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `multiplied.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `MultipliedInt8::trained()`.
    #[int8(input = int8, output = int8, weights("multiplied.safetensors"))]
    pub Multiplied:
        Input(4, 4, 3)
        => Conv2D(5, 3x3, same)
}
