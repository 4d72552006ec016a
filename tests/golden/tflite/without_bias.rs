//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `without_bias.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `WithoutBiasInt8::trained()`.
    #[int8(input = int8, output = int8, weights("without_bias.safetensors"))]
    pub WithoutBias:
        Input(40)
        => Dense(6, use_bias = false)
}
