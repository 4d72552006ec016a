//! Chains of layers with the same width, for `../growth.py`.

use kerust::prelude::*;

use crate::print;
use crate::training::chunks;

/// The models, and a function that selects one by its width and depth.
macro_rules! chains {
    ($($name:ident, $depth:literal: $($width:literal)+;)+) => {
        $(model! {
            pub $name<const WIDTH: usize>:
                Input(WIDTH) => Repeat($depth, Dense(WIDTH, relu)) => Dense(10, softmax)
        })+

        /// Measures the training of the chain with `depth` layers of `width` units.
        pub fn grow(width: usize, depth: usize, batch: usize, counts: &[usize]) -> kerust::Result<()> {
            match (width, depth) {
                $($(($width, $depth) => {
                    let data = Dataset::generate(SAMPLES, |i| {
                        let x = Tensor::from_fn(|[j]| ((i * 31 + j * 17) % 101) as f32 / 101.0);
                        (x, Class::<10>::new(i % 10))
                    });
                    print(&chunks::<$name<$width>, 10>(&data, batch, counts)?.0, "");
                    Ok(())
                })+)+
                _ => panic!("no chain of {depth} layers of {width} units is compiled"),
            }
        }
    };
}

/// The number of samples in the largest batch.
const SAMPLES: usize = 1024;

chains! {
    One, 1: 256;
    Four, 4: 16 64 256 1024 4096;
    Sixteen, 16: 256;
    SixtyFour, 64: 256;
}
