//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `leaky.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `LeakyInt8::trained()`.
    #[int8(input = int8, output = int8, weights("leaky.safetensors"))]
    pub Leaky:
        Input(256)
        => LeakyReLU(0.3)
}
