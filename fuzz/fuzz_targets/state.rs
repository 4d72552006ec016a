//! The state of a training.
#![no_main]

use kerust::prelude::*;
use kerust_fuzz::{Normalized, file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = file(bytes, "state");
    let mut model =
        Normalized::new(Seed(1)).compile(Adam::new(0.01), SparseCategoricalCrossentropy, Accuracy);
    if model.resume(&path).is_err() {
        assert_eq!(model.optimizer_steps(), 0);
    }
});
