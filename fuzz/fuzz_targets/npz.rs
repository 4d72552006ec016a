//! Archives of NumPy, and the data sets in them.
#![no_main]

use kerust::Rank2;
use kerust::data::datasets::{boston_housing, imdb, mnist};
use kerust::data::npy::Npz;
use kerust_fuzz::file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = file(bytes, "npz");
    if let Ok(archive) = Npz::open(&path) {
        for name in archive.names() {
            drop(archive.read::<f32>(name));
            drop(archive.read::<u8>(name));
        }
        drop(imdb::Load::new().load_from(&path));
        drop(boston_housing::Load::new().load_from(&path));
        drop(mnist::load_from::<Rank2<28, 28>>(&path));
    }
});
