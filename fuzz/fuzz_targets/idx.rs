//! The files of MNIST, plain and compressed.
#![no_main]

use kerust::data::idx;
use kerust_fuzz::file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(idx) = idx::read(file(bytes, "idx")) {
        assert_eq!(idx.values.len(), idx.sizes.iter().product::<usize>());
    }
});
