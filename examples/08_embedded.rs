//! The model of `01_fashion_mnist` in a program without std: its weights are in flash, its memory is a
//! constant, and a budget limits both.
//!
//! `fashion.safetensors` in this folder was saved by `01_fashion_mnist -- --full`; it classifies 87.4 % of
//! the test images correctly. Run that program in this folder to create the file again.
#![no_std]
use kerust::{Arena, Rank3, Tensor, model};

model! {
    /// Classifies 28×28 grayscale images of clothing into ten classes.
    #[weights("fashion.safetensors")]
    #[budget(flash = 2.5 MiB, ram = 40 KiB, macs = 700_000)]
    pub Fashion:
        Input(28, 28, 1)
        => Rescaling(1.0 / 255.0)
        => Conv2D(10, 3x3, same)
        => Flatten
        => Dense(64, relu)
        => Dense(10, softmax)
}

/// Classifies one image. It needs no heap, no panics and no initialization. The weights are read in place,
/// and `arena` is all the memory that the model uses.
pub fn classify(image: &Tensor<Rank3<28, 28, 1>>, arena: &mut Arena<Fashion>) -> usize {
    Fashion::trained().predict_in(image, arena).argmax()
}

const _: () = assert!(size_of::<Arena<Fashion>>() == Fashion::ARENA_BYTES);
