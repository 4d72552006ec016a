//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `rescaled.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `RescaledInt8::trained()`.
    #[int8(input = int8, output = int8, weights("rescaled.safetensors"))]
    pub Rescaled:
        Input(256)
        => Identity
        => Rescaling(1.0)
}
