//! The tensors of a model.

use super::TfliteError;
use super::bytes::{Table, Tables, scalars};
use super::names;
use crate::kernels::int8::Quantization;
use core::fmt::{Display, Formatter};

/// The maximum number of values in a tensor: the range of `i32`, as in TensorFlow Lite.
const MAX_LEN: usize = i32::MAX as usize;

/// A tensor of a `.tflite` file: a constant with its data, or an activation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Tensor<'a> {
    /// Its name in the file.
    pub name: &'a str,
    /// Its shape, including the batch.
    pub shape: Vec<usize>,
    /// Its element type.
    pub element: Element,
    /// Its quantization, if the file contains it.
    pub quantization: Option<Quantizations>,
    /// The bytes of a constant.
    pub data: Option<&'a [u8]>,
    /// An axis after the batch whose size can change at run time.
    pub(super) changing: Option<usize>,
}

/// One quantization for a tensor, or one for each index along an axis.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Quantizations {
    /// One scale, or one for each index. All are positive and finite.
    pub scales: Vec<f32>,
    /// The same number of zero points.
    pub zero_points: Vec<i64>,
    /// The axis, if there are several.
    pub axis: usize,
}

/// The element type of a tensor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Element {
    /// `FLOAT32`.
    F32,
    /// `INT8`.
    I8,
    /// `INT32`.
    I32,
    /// Any other, by its number in the schema.
    Other(i8),
}

impl Tensor<'_> {
    /// The number of values.
    #[allow(clippy::len_without_is_empty, reason = "no tensor is empty")]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The values of a constant of `INT8`.
    pub fn i8s(&self) -> Option<&[i8]> {
        let data = self.data.filter(|_| self.element == Element::I8)?;
        Some(bytemuck::cast_slice(data))
    }

    /// The values of a constant of `INT32`.
    pub fn i32s(&self) -> Option<Vec<i32>> {
        let data = self.data.filter(|_| self.element == Element::I32)?;
        Some(scalars(data, i32::from_le_bytes).collect())
    }

    /// The quantization of an `INT8` tensor that has one for all values.
    pub fn quantization(&self) -> Option<Quantization> {
        let quantization = self.quantization.as_ref()?;
        match (
            self.element,
            &*quantization.scales,
            &*quantization.zero_points,
        ) {
            (Element::I8, &[scale], &[zero_point]) => Some(Quantization {
                scale,
                zero_point: i8::try_from(zero_point).ok()?,
            }),
            _ => None,
        }
    }
}

impl Element {
    fn of(code: i8) -> Self {
        match code {
            0 => Self::F32,
            2 => Self::I32,
            9 => Self::I8,
            _ => Self::Other(code),
        }
    }

    /// The size of a value in bytes, for a supported type.
    fn size(self) -> Option<usize> {
        match self {
            Self::F32 | Self::I32 => Some(4),
            Self::I8 => Some(1),
            Self::Other(_) => None,
        }
    }
}

impl Display for Element {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.write_str(&names::element(match *self {
            Self::F32 => 0,
            Self::I32 => 2,
            Self::I8 => 9,
            Self::Other(code) => code,
        }))
    }
}

/// The amount of data that may still be copied. Without a limit, vectors that many tables share could use up
/// the memory.
pub(super) struct Budget(pub(super) usize);

impl Budget {
    pub(super) fn spend(&mut self, values: usize) -> Result<(), TfliteError> {
        self.0 = self.0.checked_sub(values).ok_or(TfliteError::Model {
            fault:
                "the file is damaged: its tables share vectors that together are larger than the \
                    file; convert the model again"
                    .to_string(),
        })?;
        Ok(())
    }
}

impl<'a> Tensor<'a> {
    /// Reads the tensor with this index.
    pub(super) fn read(
        index: usize,
        table: Table<'a>,
        buffers: Tables<'a>,
        budget: &mut Budget,
    ) -> Result<Self, TfliteError> {
        let name = table.text(3)?;
        let fault = |fault: String| TfliteError::Tensor {
            index,
            name: name.to_string(),
            fault,
        };
        let element = Element::of(table.i8(1, 0)?);
        let sizes = table.i32s(0)?;
        budget.spend(1 + sizes.len())?;
        let mut shape = Vec::with_capacity(sizes.len());
        for size in sizes {
            let size = usize::try_from(size).ok().filter(|size| *size > 0);
            shape.push(size.ok_or_else(|| {
                fault("found a size that is not known, expected sizes from 1 up; convert the model with a \
                       fixed input shape".to_string())
            })?);
        }
        // The batch size can be variable; it is 1 at run time.
        let mut signature = table.i32s(7)?.enumerate().skip(1);
        let changing = signature.find(|(_, size)| *size < 0).map(|(axis, _)| axis);
        let len = shape.iter().try_fold(1usize, |len, size| {
            len.checked_mul(*size).filter(|len| *len <= MAX_LEN)
        });
        let len = len.ok_or_else(|| fault(format!("found more than {MAX_LEN} values")))?;
        if table.has(6)? {
            return Err(fault(
                "found a sparse tensor, expected a dense one; convert the model without sparsity"
                    .to_string(),
            ));
        }
        if table.u32(10)? != 0 {
            return Err(fault(
                "found data in another file, expected it in this one".to_string(),
            ));
        }
        let number = table.u32(2)?;
        let buffer = usize::try_from(number)
            .ok()
            .map(|number| buffers.get(number));
        let Some(buffer) = buffer.transpose()?.flatten() else {
            return Err(fault(format!(
                "found the buffer {number}, expected one of the file's {}",
                buffers.len()
            )));
        };
        if buffer.u64(1)? > 1 {
            return Err(fault(
                "found data after the model, expected it in the model: that is how files of more than 2 GB \
                 are written"
                    .to_string(),
            ));
        }
        let data = buffer.vector(0, 1)?.filter(|data| !data.is_empty());
        if let (Some(data), Some(size)) = (data, element.size())
            && Some(data.len()) != len.checked_mul(size)
        {
            return Err(fault(format!(
                "found {} bytes of data, expected {len} values of `{element}`; convert the model again",
                data.len()
            )));
        }
        let quantization = match table.table(4)? {
            Some(table) => {
                Quantizations::read(table, &shape, budget).map_err(|error| match error {
                    Ok(text) => fault(text),
                    Err(error) => error,
                })?
            }
            None => None,
        };
        Ok(Self {
            name,
            shape,
            element,
            quantization,
            data,
            changing,
        })
    }
}

impl Quantizations {
    /// Reads the quantization. The error is a message without the tensor.
    fn read(
        table: Table<'_>,
        shape: &[usize],
        budget: &mut Budget,
    ) -> Result<Option<Self>, Result<String, TfliteError>> {
        let broken = |broken| Err(TfliteError::from(broken));
        let scales = table.vector(2, 4).map_err(broken)?.unwrap_or_default();
        let zero_points = table.vector(3, 8).map_err(broken)?.unwrap_or_default();
        if scales.is_empty() {
            return Ok(None);
        }
        if table.i8(4, 0).map_err(broken)? != 0 {
            return Err(Ok(
                "found a quantization of another kind, expected scales and zero points".into(),
            ));
        }
        budget
            .spend(scales.len() / 4 + zero_points.len() / 8)
            .map_err(Err)?;
        let scales: Vec<f32> = scalars(scales, f32::from_le_bytes).collect();
        let zero_points: Vec<i64> = scalars(zero_points, i64::from_le_bytes).collect();
        if let Some(scale) = scales
            .iter()
            .find(|scale| !(**scale > 0.0 && scale.is_finite()))
        {
            return Err(Ok(format!(
                "found the scale {scale}, expected a positive one"
            )));
        }
        if scales.len() != zero_points.len() {
            return Err(Ok(format!(
                "found {} scales and {} zero points, expected as many",
                scales.len(),
                zero_points.len()
            )));
        }
        let axis = usize::try_from(table.i32(6, 0).map_err(broken)?).unwrap_or(usize::MAX);
        if scales.len() > 1 && shape.get(axis) != Some(&scales.len()) {
            return Err(Ok(format!(
                "found {} scales along axis {axis} of {shape:?}, expected one, or one for each place",
                scales.len()
            )));
        }
        Ok(Some(Self {
            scales,
            zero_points,
            axis,
        }))
    }
}
