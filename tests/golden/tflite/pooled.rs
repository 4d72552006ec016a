//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `pooled.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `PooledInt8::trained()`.
    #[int8(input = int8, output = int8, weights("pooled.safetensors"))]
    pub Pooled:
        Input(5, 7, 45)
        => AveragePooling2D(3x2, strides = 1, same)
        => ReLU(negative_slope = 0.0)
}
