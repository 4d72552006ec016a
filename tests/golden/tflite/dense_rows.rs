//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `dense_rows.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `DenseRowsInt8::trained()`.
    #[int8(input = int8, output = int8, weights("dense_rows.safetensors"))]
    pub DenseRows:
        Input(4, 9)
        => Dense(5)
}
