//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `added.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `AddedInt8::trained()`.
    #[int8(input = int8, output = int8, weights("added.safetensors"))]
    pub Added {
        // tensor_0
        let input = Input(17);
        // tensor_1
        let input_1 = Input(17);
        Add(input, input_1) => Activation(relu6)
    }
}
