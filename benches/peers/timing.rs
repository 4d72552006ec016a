//! Shared code of the Rust programs for reading data, measuring and reporting. Each includes it with
//! `#[path]`.

use std::time::Instant;

/// The command-line arguments.
pub struct Asked {
    pub mode: String,
    pub work: String,
    pub folder: String,
    pub counts: Vec<usize>,
}

pub fn asked() -> Asked {
    let mut words = std::env::args().skip(1);
    let mut word = || words.next().expect("a mode, a work, a folder and counts");
    let (mode, work, folder) = (word(), word(), word());
    let counts = words.map(|count| count.parse().expect("a count")).collect();
    Asked { mode, work, folder, counts }
}

impl Asked {
    /// Pixel values, and the labels.
    pub fn data(&self) -> (Vec<f32>, Vec<u8>) {
        let bytes = std::fs::read(format!("{}/images28.f32", self.folder)).expect("images");
        let values = bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        let labels = std::fs::read(format!("{}/labels.u8", self.folder)).expect("labels");
        (values, labels)
    }
}

/// The milliseconds per step for each chunk of steps after a first one.
#[allow(dead_code, reason = "not every peer trains")]
pub fn chunks(counts: &[usize], mut step: impl FnMut(usize)) -> Vec<f64> {
    let chunk = |_| {
        let start = Instant::now();
        (0..counts[1]).for_each(&mut step);
        start.elapsed().as_secs_f64() * 1e3 / counts[1] as f64
    };
    (0..=counts[0]).map(chunk).skip(1).collect()
}

/// The microseconds per sample for each call, after some warm-up calls.
pub fn calls(count: usize, samples: usize, mut call: impl FnMut()) -> Vec<f64> {
    (0..count / 10 + 1).for_each(|_| call());
    let timed = |_| {
        let start = Instant::now();
        call();
        start.elapsed().as_secs_f64() * 1e6 / samples as f64
    };
    (0..count).map(timed).collect()
}

pub fn report(times: &[f64]) {
    println!("{{\"times\": {times:?}}}");
}
