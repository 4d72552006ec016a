//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `rectified.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `RectifiedInt8::trained()`.
    #[int8(input = int8, output = int8, weights("rectified.safetensors"))]
    pub Rectified:
        Input(256)
        => ReLU(negative_slope = 0.0)
}
