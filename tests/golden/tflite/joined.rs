//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `joined.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `JoinedInt8::trained()`.
    #[int8(input = int8, output = int8, weights("joined.safetensors"))]
    pub Joined {
        // tensor_0
        let input = Input(3, 2, 4);
        // tensor_1
        let input_1 = Input(1, 2, 4);
        Concatenate(input, input_1, axis = -3)
    }
}
