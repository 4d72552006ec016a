//! The model of `01_fashion_mnist` in a program without std: its weights in flash, its memory a
//! constant, both within a budget.
//!
//! `fashion.safetensors` beside this file was saved by `01_fashion_mnist -- --full`: 87.4 % of the test
//! images. Run in this folder, that program writes it anew.
#![no_std]
use kerust::{Arena, Rank3, Tensor, model};

model! {
    /// Ten kinds of clothing from 28×28 grey pixels.
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

/// The class of one image. No heap, no panic, no start-up work: weights are read
/// where they lie, and `arena` is all the memory that the model ever uses.
pub fn classify(image: &Tensor<Rank3<28, 28, 1>>, arena: &mut Arena<Fashion>) -> usize {
    Fashion::trained().predict_in(image, arena).argmax()
}

const _: () = assert!(size_of::<Arena<Fashion>>() == Fashion::ARENA_BYTES);
