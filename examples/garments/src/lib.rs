//! Which of ten kinds of clothing a picture shows: a plain library that carries its trained network.
//!
//! ```
//! use garments::{Garment, Image, classify};
//!
//! let image = Image::from_pgm(include_bytes!("../images/sneaker.pgm")).unwrap();
//! assert_eq!(classify(&image), Garment::Sneaker);
//! ```
//!
//! Who uses it names no model, no tensor and no file: the weights are constants of the program, there
//! is nothing to load or to start, and it needs neither std nor a heap.
//!
//! # Memory
//! One inference needs [`Classifier::BYTES`] bytes to work in. [`classify`] takes them from the stack.
//! Where the stack is smaller than that, or is to stay free, keep a [`Classifier`] in a `static`:
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

/// The garment that `image` most likely shows. Works in [`Classifier::BYTES`] bytes of the stack.
pub fn classify(image: &Image) -> Garment {
    Classifier::new().classify(image)
}

/// The memory of an inference, to keep between calls. What it held before has no influence.
pub struct Classifier {
    arena: Arena<Fashion>,
}

impl Classifier {
    /// The size of a `Classifier`.
    pub const BYTES: usize = Fashion::ARENA_BYTES;

    /// Memory for inferences, ready for a `static`.
    #[allow(
        clippy::new_without_default,
        reason = "`Default` would pass it over the stack"
    )]
    pub const fn new() -> Self {
        Self {
            arena: Arena::new(),
        }
    }

    /// The garment that `image` most likely shows.
    pub fn classify(&mut self, image: &Image) -> Garment {
        Garment::likeliest(&self.scores(image))
    }

    /// How likely each garment is, in the order of [`Garment::ALL`]. They sum to 1.
    pub fn scores(&mut self, image: &Image) -> [f32; 10] {
        let scores = Fashion::trained().predict_in(&image.0, &mut self.arena);
        *scores.as_array()
    }
}
