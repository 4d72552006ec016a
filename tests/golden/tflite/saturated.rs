//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `saturated.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `SaturatedInt8::trained()`.
    #[int8(input = int8, output = int8, weights("saturated.safetensors"))]
    pub Saturated:
        Input(4, 4, 3)
        => Conv2D(10, 3x3, same)
}
