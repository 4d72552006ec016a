//! The contents of a file of Keras.

use super::graph::Graph;
use hdf5_pure::{Dataset, Datatype, DatatypeByteOrder, Layout};

/// The layers with weights of a file.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) layers: Vec<StoredLayer>,
    /// The layers in the order of the file, including those of nested models, without their connections.
    pub(super) tree: Graph,
    /// Whether the order in `tree` is that of all layers; otherwise it is only an order within each kind.
    pub(super) is_ordered: bool,
    /// The graph, if the file contains it.
    pub(super) graph: Option<Graph>,
    /// Whether the file contains the names of the layers.
    pub(super) is_named: bool,
    /// Whether kerust wrote the file; all names are then those of kerust.
    pub(super) is_kerusts: bool,
}

/// A layer with weights in a file.
#[derive(Debug)]
pub(super) struct StoredLayer {
    /// Its name, after the names of the models that contain it.
    pub(super) names: Vec<String>,
    /// Its path in the file.
    pub(super) path: String,
    /// Its kind in Keras's spelling: `batch_normalization`.
    pub(super) kind: String,
    /// Its tensors, in Keras's order.
    pub(super) tensors: Vec<StoredTensor>,
}

/// The kind of layer for which Keras stores a count in addition to the numbers.
pub(super) const COUNTING: &str = "normalization";

impl StoredLayer {
    /// Drops the count that Keras writes after the mean and the variance of a `Normalization`, but never
    /// reads.
    pub(super) fn forget_count(&mut self) {
        if self.kind == COUNTING {
            self.tensors.retain(|tensor| !tensor.sizes.is_empty());
        }
    }
}

/// A tensor in a file, whose values have not been read.
#[derive(Debug)]
pub(super) struct StoredTensor {
    /// Its path in the file.
    pub(super) path: String,
    /// The groups inside of the layer on the path to the tensor, joined by `/`.
    pub(super) group: String,
    /// Its index among the tensors of the layer, or of the nested model, in the order of the file.
    pub(super) number: usize,
    /// Its name in its layer, if the file contains it: `kernel`.
    pub(super) name: Option<String>,
    pub(super) sizes: Vec<usize>,
    /// How to read its values, or the name of an element type that cannot be converted.
    element: Result<Element, String>,
    dataset: Dataset,
}

/// The element types that can be converted to `f32`.
#[derive(Clone, Copy, Debug)]
enum Element {
    /// `float32` or `float64`, with this number of bytes.
    Float(u64),
    /// `float16`, in big-endian or little-endian order.
    Half { is_big: bool },
    /// Keras's `bfloat16`, which is not a type of HDF5: the upper half of an `f32`.
    Bfloat16,
}

/// The maximum size in bytes by which a chunk can exceed the data that it belongs to.
const CHUNK_SURPLUS: u64 = 1 << 16;
/// The maximum ratio of the size of compressed values to the size of their file.
const EXPANSION: u64 = 16;

/// The error of a tensor that cannot be read.
pub(super) enum Unread {
    /// Its elements are of this type.
    Element(String),
    /// The file is invalid.
    Fault(String),
}

impl StoredLayer {
    /// Its name in the model that contains it.
    pub(super) fn name(&self) -> &str {
        &self.names[self.names.len() - 1]
    }

    /// Its full name with the names of the models, and its path in the file.
    pub(super) fn described(&self) -> String {
        format!("`{}` (`{}` in the file)", self.names.join("."), self.path)
    }
}

impl StoredTensor {
    pub(super) fn new(
        dataset: Dataset,
        path: String,
        group: String,
        name: Option<String>,
    ) -> Result<Self, String> {
        let at = |error: hdf5_pure::Error| fault(&path, error);
        let sizes = dataset.shape().map_err(at)?.into_iter();
        let sizes = sizes.map(|size| usize::try_from(size).unwrap_or(usize::MAX));
        let element = match dataset.datatype().map_err(at)? {
            Datatype::FloatingPoint { size, .. } if size == 4 || size == 8 => {
                Ok(Element::Float(size.into()))
            }
            Datatype::FloatingPoint {
                size: 2,
                byte_order,
                layout,
            } if (layout.exponent_size, layout.mantissa_size) == (5, 10) => Ok(Element::Half {
                is_big: byte_order == DatatypeByteOrder::BigEndian,
            }),
            Datatype::Opaque { size: 2, .. } if is_bfloat16(&dataset) => Ok(Element::Bfloat16),
            _ => Err(dataset.dtype().map_err(at)?.to_string().to_uppercase()),
        };
        Ok(Self {
            sizes: sizes.collect(),
            path,
            group,
            number: 0,
            name,
            element,
            dataset,
        })
    }

    /// Reads the values of a tensor in a file of this length. Their number has been checked before.
    pub(super) fn read(&self, file_len: u64) -> Result<Vec<f32>, Unread> {
        let element = *self
            .element
            .as_ref()
            .map_err(|found| Unread::Element(found.clone()))?;
        let bytes = match element {
            Element::Float(bytes) => bytes,
            Element::Half { .. } | Element::Bfloat16 => 2,
        };
        let sizes = self.sizes.iter().map(|size| *size as u64);
        let len = sizes.fold(bytes, u64::saturating_mul);
        if len == 0 {
            return Ok(Vec::new());
        }
        self.look_at_storage(len, file_len).map_err(|found| {
            Unread::Fault(format!(
                "an HDF5 file with a fault at `{}` ({found})",
                self.path
            ))
        })?;
        let at = |error| Unread::Fault(fault(&self.path, error));
        let halves = |is_big, to_f32: fn(u16) -> f32| {
            let bytes = self.dataset.read_raw().map_err(at)?;
            let halves = bytes.as_chunks::<2>().0.iter().map(|half| match is_big {
                true => u16::from_be_bytes(*half),
                false => u16::from_le_bytes(*half),
            });
            Ok(halves.map(to_f32).collect())
        };
        match element {
            Element::Float(_) => self.dataset.read_f32().map_err(at),
            Element::Half { is_big } => halves(is_big, f32_of_half),
            Element::Bfloat16 => halves(false, |half| f32::from_bits(u32::from(half) << 16)),
        }
    }

    /// Checks that `len` bytes of values are in the file, before memory is allocated for them.
    fn look_at_storage(&self, len: u64, file_len: u64) -> Result<(), String> {
        let more = || Err(format!("{len} bytes of values in a file of {file_len}"));
        match self.dataset.layout().map_err(|error| error.to_string())? {
            Layout::Contiguous { address: None, .. } => {
                Err(format!("of {len} bytes of values none is stored"))
            }
            Layout::Contiguous {
                address: Some(address),
                ..
            } => match address.checked_add(len).is_none_or(|end| end > file_len) {
                true => more(),
                false => Ok(()),
            },
            Layout::Compact { .. } if len > file_len => more(),
            Layout::Compact { .. } => Ok(()),
            Layout::Chunked { chunk_shape, .. } => {
                let each = self
                    .dataset
                    .element_size()
                    .map_err(|error| error.to_string())?;
                let chunk = chunk_shape
                    .iter()
                    .fold(each, |len, size| len.saturating_mul(*size));
                if chunk > len.saturating_add(CHUNK_SURPLUS) {
                    return Err(format!(
                        "a chunk of {chunk} bytes for {len} bytes of values"
                    ));
                }
                if len > file_len.saturating_mul(EXPANSION) {
                    return more();
                }
                let sizes = self.sizes.iter().zip(&chunk_shape);
                let expected = sizes.fold(1u64, |count, (size, chunk)| {
                    count.saturating_mul((*size as u64).div_ceil((*chunk).max(1)))
                });
                let found = self
                    .dataset
                    .chunks()
                    .map_err(|error| error.to_string())?
                    .len() as u64;
                match found < expected {
                    true => Err(format!("of {expected} chunks of values {found} are stored")),
                    false => Ok(()),
                }
            }
            _ => Err("values that are stored in other files".to_owned()),
        }
    }
}

/// Converts a `float16`: sign, 5 bits of exponent, 10 bits of mantissa (IEEE 754 binary16).
fn f32_of_half(half: u16) -> f32 {
    let sign = u32::from(half & 0x8000) << 16;
    let (exponent, mantissa) = (u32::from(half >> 10 & 0x1f), u32::from(half & 0x3ff));
    match (exponent, mantissa) {
        // Subnormal numbers are multiples of 2^-24.
        (0, mantissa) => {
            let size = mantissa as f32 * f32::from_bits((127 - 24) << 23);
            f32::from_bits(sign | size.to_bits())
        }
        (31, mantissa) => f32::from_bits(sign | 0x7f80_0000 | mantissa << 13),
        (exponent, mantissa) => f32::from_bits(sign | (exponent + 127 - 15) << 23 | mantissa << 13),
    }
}

/// Whether Keras marks a dataset of two-byte elements as `bfloat16`.
fn is_bfloat16(dataset: &Dataset) -> bool {
    let attributes = dataset.attrs().unwrap_or_default();
    attributes.get("dtype").and_then(|dtype| dtype.as_str()) == Some("bfloat16")
}

/// The message for an error at a path in the file.
pub(super) fn fault(path: &str, error: impl core::fmt::Display) -> String {
    format!("an HDF5 file with a fault at `{path}` ({error})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_is_the_number_that_it_was() {
        for (half, number) in [
            (0x0000, 0.0),
            (0x8000, -0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0400, 6.103_515_6e-5),
            (0x0001, 5.960_464_5e-8),
            (0x83ff, -6.097_555e-5),
            (0x7c00, f32::INFINITY),
            (0x3555, 0.333_251_95),
        ] {
            assert_eq!(
                f32_of_half(half).to_bits(),
                f32::to_bits(number),
                "{half:04x}"
            );
        }
        assert!(f32_of_half(0x7e00).is_nan());
    }
}
