//! Models of TensorFlow Lite.
#![no_main]

use kerust::weights::tflite::{Graph, import};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(error) = Graph::read(bytes) {
        assert!(!error.to_string().is_empty());
    }
    drop(import(bytes, "Net"));
});
