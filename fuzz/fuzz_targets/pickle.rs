//! Python's pickles. The reader is private, so its modules are included here.
#![no_main]
#![allow(dead_code, missing_docs)]

use libfuzzer_sys::fuzz_target;

#[path = "../../kerust-core/src/data"]
mod data {
    pub mod pickle;

    /// Reads all that the data sets read.
    pub fn read(bytes: &[u8]) {
        use pickle::Pickle;
        let Ok(pickle) = Pickle::read(bytes, bytes.len() as u64) else {
            return;
        };
        let top = pickle.top();
        let values = pickle.list(top).map(<[_]>::to_vec).unwrap_or_default();
        let keys = ["data", "labels", "fine_labels"];
        let entries = keys.iter().filter_map(|key| pickle.entry(key).ok());
        for value in entries.chain(values).chain([top]).take(1000) {
            drop(pickle.integer(value));
            drop(pickle.list(value).map(<[_]>::len));
            drop(pickle.byte_array(value));
            drop(pickle.object_array(value));
        }
    }
}

fuzz_target!(|bytes: &[u8]| data::read(bytes));
