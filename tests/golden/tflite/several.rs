//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `several.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `SeveralInt8::trained()`.
    #[int8(input = int8, output = int8, weights("several.safetensors"))]
    pub Several {
        // x_0
        let input = Input(8, 6, 2);
        // x_1
        let input_1 = Input(4);
        let global_average_pooling2d = input
            => Conv2D(6, 3x3, strides = 2, same, relu6)
            => GlobalAveragePooling2D;
        let dense = input_1 => Dense(6, relu);
        let dense_1 = Concatenate(global_average_pooling2d, dense) => Dense(8, tanh);
        let dense_2 = dense_1 => Dense(3, softmax);
        let identity = dense_1 => Identity;
        // Identity, Identity_1
        (identity, dense_2)
    }
}
