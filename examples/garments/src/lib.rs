//! Classifies images of clothing into ten classes. The library contains its trained network.
//!
//! ```
//! use garments::{Garment, Image, classify};
//!
//! let image = Image::from_pgm(include_bytes!("../images/sneaker.pgm")).unwrap();
//! assert_eq!(classify(&image), Garment::Sneaker);
//! ```
//!
//! The API does not use models, tensors or files: the weights are constants of the program, nothing must be
//! loaded or initialized, and neither std nor a heap is needed.
//!
//! # Memory
//! An inference needs [`Classifier::BYTES`] bytes of memory. [`classify`] uses the stack. If the stack is too
//! small, store a [`Classifier`] in a `static`:
//!
//! ```
//! use garments::{Classifier, Garment, Image};
//! use std::sync::Mutex;
//!
//! static CLASSIFIER: Mutex<Classifier> = Mutex::new(Classifier::new());
//!
//! let bag = Image::from_pgm(include_bytes!("../images/bag.pgm")).unwrap();
//! assert_eq!(CLASSIFIER.lock().unwrap().classify(&bag), Garment::Bag);
//! ```
#![no_std]

mod garment;
mod image;

pub use garment::Garment;
pub use image::Image;

use kerust::{Arena, model};

model! {
    #[weights("../../fashion.safetensors")]
    #[budget(flash = 2.5 MiB, ram = 40 KiB)]
    Fashion:
        Input(28, 28, 1)
        => Rescaling(1.0 / 255.0)
        => Conv2D(10, 3x3, same)
        => Flatten
        => Dense(64, relu)
        => Dense(10, softmax)
}

/// Returns the most likely garment in `image`. Uses [`Classifier::BYTES`] bytes of the stack.
pub fn classify(image: &Image) -> Garment {
    Classifier::new().classify(image)
}

/// The memory of an inference, which can be reused. Its old contents do not matter.
pub struct Classifier {
    arena: Arena<Fashion>,
}

impl Classifier {
    /// The size of a `Classifier`.
    pub const BYTES: usize = Fashion::ARENA_BYTES;

    /// Creates the memory, which can be stored in a `static`.
    #[allow(
        clippy::new_without_default,
        reason = "`Default` would pass it over the stack"
    )]
    pub const fn new() -> Self {
        Self {
            arena: Arena::new(),
        }
    }

    /// Returns the most likely garment in `image`.
    pub fn classify(&mut self, image: &Image) -> Garment {
        Garment::likeliest(&self.scores(image))
    }

    /// The probability of each garment, in the order of [`Garment::ALL`]. They sum to 1.
    pub fn scores(&mut self, image: &Image) -> [f32; 10] {
        let scores = Fashion::trained().predict_in(&image.0, &mut self.arena);
        *scores.as_array()
    }
}
