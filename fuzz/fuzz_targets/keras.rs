//! Keras's archives, `.keras`.
#![no_main]

use kerust::weights::keras;
use kerust_fuzz::{Normalized, Tiny, file, load};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = file(bytes, "keras");
    load::<Tiny, _>(|model| keras::load_into(model, &path));
    load::<Normalized, _>(|model| keras::load_into(model, &path));
    drop(keras::tensors(&path));
});
