//! Weights in safetensors, and the vocabulary beside them.
#![no_main]

use kerust::text::Vocabulary;
use kerust::weights;
use kerust_fuzz::{Tiny, file, load};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = file(bytes, "safetensors");
    load::<Tiny, _>(|model| weights::load_into(model, &path));
    drop(weights::load_converted::<Tiny>(&path));
    drop(Vocabulary::load(&path));
    for skip_mismatch in [false, true] {
        load::<Tiny, _>(|model| weights::load_partial_into(model, &path, skip_mismatch));
    }
});
