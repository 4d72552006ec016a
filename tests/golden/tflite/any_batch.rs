//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `any_batch.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `AnyBatchInt8::trained()`.
    #[int8(input = int8, output = int8, weights("any_batch.safetensors"))]
    pub AnyBatch:
        Input(6, 5, 2)
        => Conv2D(4, 2x2)
        => Reshape(1, 10, 8)
        => Conv2D(4, 1x3)
        => Flatten
        => Dense(3)
}
