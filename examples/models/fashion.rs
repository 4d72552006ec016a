//! The declaration of 01_fashion_mnist, with an 8-bit twin: shared by training, quantization and firmware.

kerust::model! {
    /// Ten kinds of clothing from 28×28 grey pixels.
    #[int8]
    pub Fashion:
        Input(28, 28, 1)
        => Rescaling(1.0 / 255.0)
        => Conv2D(10, 3x3, same)
        => Flatten
        => Dense(64, relu)
        => Dense(10, softmax)
}
