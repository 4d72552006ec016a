//! TensorBoard's event files: records of protocol buffers.

use crate::weights::file_system::{self, Target};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// An event file that is written.
pub(super) struct Events {
    file: File,
    path: PathBuf,
    /// The length of the complete records, in bytes.
    len: u64,
}

/// What an event says, under a name.
pub(super) enum Summary {
    Scalar(f32),
    Histogram(Histogram),
    /// The configuration of a model, in JSON.
    Graph(String),
}

/// How the values of a tensor are spread.
pub(super) struct Histogram {
    min: f64,
    max: f64,
    sum: f64,
    squares: f64,
    /// The upper ends of the buckets, and how many values each has.
    buckets: Vec<(f64, f64)>,
}

impl Histogram {
    const BUCKETS: usize = 30;

    /// Of these values, in buckets of one width.
    pub(super) fn of(values: &[f32]) -> Self {
        let each = || values.iter().map(|value| f64::from(*value));
        let (min, max) = (
            each().fold(f64::INFINITY, f64::min),
            each().fold(f64::NEG_INFINITY, f64::max),
        );
        let width = (max - min) / Self::BUCKETS as f64;
        let mut buckets: Vec<(f64, f64)> = (1..=Self::BUCKETS)
            .map(|bucket| (min + width * bucket as f64, 0.0))
            .collect();
        for value in each() {
            let bucket = ((value - min) / width) as usize;
            buckets[bucket.min(Self::BUCKETS - 1)].1 += 1.0;
        }
        buckets[Self::BUCKETS - 1].0 = max;
        Self {
            min,
            max,
            sum: each().sum(),
            squares: each().map(|value| value * value).sum(),
            buckets,
        }
    }
}

impl Events {
    /// A new file in a folder, which is made if need be.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        // A process can write several files within one second.
        static COUNT: AtomicU64 = AtomicU64::new(0);
        file_system::create_folder(folder)?;
        let (seconds, process) = (now() as u64, std::process::id());
        let (file, path) = loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("events.out.tfevents.{seconds}.kerust.{process}.{number}.v2");
            let path = folder.join(name);
            match file_system::create_new(&path) {
                Ok(file) => break (file, path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        };
        let mut events = Self { file, path, len: 0 };
        events.record(&version(now()))?;
        Ok(events)
    }

    /// Adds an event of these values at a step.
    pub(super) fn write(&mut self, step: u64, values: &[(String, Summary)]) -> io::Result<()> {
        self.record(&event(now(), step, values))
    }

    /// Adds a record. If that fails, nothing of it stays in the file, since a reader stops at a broken record.
    fn record(&mut self, payload: &[u8]) -> io::Result<()> {
        let record = record(payload);
        let (file, path) = (&self.file, &*self.path);
        if let Err(error) = (Target { file, path }).write_all(&record) {
            // The error of the write is the one to report.
            let _ = file_system::truncate(file, path, self.len);
            return Err(error);
        }
        self.len += record.len() as u64;
        Ok(())
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}

/// A record of a file: its length and its payload, each with a checksum.
fn record(payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u64).to_le_bytes();
    let checksum = |bytes: &[u8]| masked(crc32c(bytes)).to_le_bytes();
    let mut record = len.to_vec();
    record.extend(checksum(&len));
    record.extend(payload);
    record.extend(checksum(payload));
    record
}

/// The event that every file begins with.
fn version(time: f64) -> Vec<u8> {
    let mut event = Vec::new();
    double(&mut event, 1, time);
    bytes(&mut event, 3, b"brain.Event:2");
    event
}

fn event(time: f64, step: u64, values: &[(String, Summary)]) -> Vec<u8> {
    let mut summary = Vec::new();
    for (tag, value) in values {
        let mut message = Vec::new();
        bytes(&mut message, 1, tag.as_bytes());
        match value {
            Summary::Scalar(scalar) => {
                key(&mut message, 2, 5);
                message.extend(scalar.to_le_bytes());
            }
            Summary::Histogram(histogram) => bytes(&mut message, 5, &histo(histogram)),
            Summary::Graph(json) => {
                bytes(&mut message, 8, &text_tensor(json));
                bytes(&mut message, 9, &plugin("graph_keras_model", b"1"));
            }
        }
        bytes(&mut summary, 1, &message);
    }
    let mut event = Vec::new();
    double(&mut event, 1, time);
    key(&mut event, 2, 0);
    varint(&mut event, step);
    bytes(&mut event, 5, &summary);
    event
}

fn histo(histogram: &Histogram) -> Vec<u8> {
    let count: f64 = histogram.buckets.iter().map(|(_, count)| count).sum();
    let mut message = Vec::new();
    double(&mut message, 1, histogram.min);
    double(&mut message, 2, histogram.max);
    double(&mut message, 3, count);
    double(&mut message, 4, histogram.sum);
    double(&mut message, 5, histogram.squares);
    let packed = |values: &mut dyn Iterator<Item = f64>| -> Vec<u8> {
        values.flat_map(f64::to_le_bytes).collect()
    };
    let buckets = &histogram.buckets;
    bytes(&mut message, 6, &packed(&mut buckets.iter().map(|it| it.0)));
    bytes(&mut message, 7, &packed(&mut buckets.iter().map(|it| it.1)));
    message
}

/// A tensor without dimensions that holds one text.
fn text_tensor(text: &str) -> Vec<u8> {
    const STRING: u64 = 7;
    let mut tensor = Vec::new();
    key(&mut tensor, 1, 0);
    varint(&mut tensor, STRING);
    bytes(&mut tensor, 2, &[]);
    bytes(&mut tensor, 8, text.as_bytes());
    tensor
}

/// The plugin of TensorBoard that shows a value.
fn plugin(name: &str, content: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    bytes(&mut data, 1, name.as_bytes());
    bytes(&mut data, 2, content);
    let mut metadata = Vec::new();
    bytes(&mut metadata, 1, &data);
    metadata
}

/// The key of a field: its number and the kind of its value.
fn key(message: &mut Vec<u8>, field: u64, kind: u64) {
    varint(message, field << 3 | kind);
}

fn varint(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push(value as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

fn double(message: &mut Vec<u8>, field: u64, value: f64) {
    key(message, field, 1);
    message.extend(value.to_le_bytes());
}

fn bytes(message: &mut Vec<u8>, field: u64, value: &[u8]) {
    key(message, field, 2);
    varint(message, value.len() as u64);
    message.extend(value);
}

/// The checksum of Castagnoli et al. (1993), bit by bit: an event is short.
fn crc32c(bytes: &[u8]) -> u32 {
    let mut checksum = !0u32;
    for byte in bytes {
        checksum ^= u32::from(*byte);
        for _ in 0..8 {
            let low = checksum & 1;
            checksum = (checksum >> 1) ^ (0x82f6_3b78 * low);
        }
    }
    !checksum
}

/// As a record holds it: a checksum of checksums would be weak.
fn masked(checksum: u32) -> u32 {
    checksum.rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    /// The bytes that TensorFlow 2.21 writes of these events.
    #[test]
    fn records_are_those_of_tensorflow() {
        const EXPECTED: &str = "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c\
            8e00000000000000c67db15209000000000000f83f10032a80010a110a0a65706f63685f6c6f737315\
            0000803e0a6b0a1664656e73652f6b65726e656c2f686973746f6772616d2a5109000000000000f0bf\
            11000000000000004019000000000000084021000000000000f03f2900000000000014403210000000\
            000000e03f00000000000000403a100000000000000040000000000000f03fb8d0d939";
        let histogram = Histogram {
            min: -1.0,
            max: 2.0,
            sum: 1.0,
            squares: 5.0,
            buckets: vec![(0.5, 2.0), (2.0, 1.0)],
        };
        let values = [
            ("epoch_loss".to_owned(), Summary::Scalar(0.25)),
            (
                "dense/kernel/histogram".to_owned(),
                Summary::Histogram(histogram),
            ),
        ];
        let mut found = record(&version(1.5));
        found.extend(record(&event(1.5, 3, &values)));
        let found: String = found.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, EXPECTED);
    }

    #[test]
    fn a_histogram_counts_every_value() {
        for values in [&[0.5f32; 3][..], &[-1.0, 0.0, 0.1, 1.0]] {
            let histogram = Histogram::of(values);
            let count: f64 = histogram.buckets.iter().map(|bucket| bucket.1).sum();
            assert_eq!(count, values.len() as f64);
            assert_eq!(histogram.buckets.last().unwrap().0, histogram.max);
        }
    }
}
