//! Arrays of NumPy.
#![no_main]

use kerust::data::npy;
use kerust_fuzz::file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = file(bytes, "npy");
    if let Ok(array) = npy::read::<u8>(&path) {
        assert_eq!(array.values.len(), array.shape.iter().product::<usize>());
    }
    if let Ok(array) = npy::read::<f32>(&path) {
        assert_eq!(array.values.len(), array.shape.iter().product::<usize>());
    }
    drop(npy::read::<i64>(&path));
});
