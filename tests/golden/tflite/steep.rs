//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `steep.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `SteepInt8::trained()`.
    #[int8(input = int8, output = int8, weights("steep.safetensors"))]
    pub Steep:
        Input(5)
        => Identity
        => Rescaling(2.5)
        => Softmax
}
