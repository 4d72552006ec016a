//! What an operator computes, from its code and options.

use super::bytes::Table;
use super::check::Site;
use super::{Element, Kind, TfliteError};
use crate::kernels::int8::{Fused, Logistic, Softmax, Tanh};
use crate::shape::{Padding, Window};

/// The operators that are read: code, name, the last version, and the kind of their options (0 where
/// these do not matter).
const READ: [(i32, &str, i32, i8); 21] = [
    (0, "ADD", 5, 11),
    (1, "AVERAGE_POOL_2D", 3, 5),
    (2, "CONCATENATION", 5, 10),
    (3, "CONV_2D", 8, 1),
    (4, "DEPTHWISE_CONV_2D", 7, 2),
    (6, "DEQUANTIZE", 7, 0),
    (9, "FULLY_CONNECTED", 14, 8),
    (14, "LOGISTIC", 3, 0),
    (17, "MAX_POOL_2D", 3, 5),
    (19, "RELU", 3, 0),
    (21, "RELU6", 3, 0),
    (22, "RESHAPE", 1, 0),
    (25, "SOFTMAX", 3, 9),
    (28, "TANH", 3, 0),
    (34, "PAD", 5, 0),
    (40, "MEAN", 3, 0),
    (43, "SQUEEZE", 2, 0),
    (60, "PADV2", 5, 0),
    (70, "EXPAND_DIMS", 1, 0),
    (98, "LEAKY_RELU", 2, 75),
    (114, "QUANTIZE", 4, 0),
];

/// What an operator computes, where kerust has it and its tensors are as they must be.
pub(super) fn kind(site: &Site<'_, '_>, table: Table<'_>) -> Result<Kind, TfliteError> {
    let Some((_, _, version, options)) = READ.iter().find(|(code, ..)| *code == site.code) else {
        let names: Vec<_> = READ
            .iter()
            .map(|(_, name, ..)| format!("`{name}`"))
            .collect();
        return Err(site.fault(format!(
            "kerust has no 8-bit arithmetic for it; leave it out of the model, or build it from {}",
            names.join(", ")
        )));
    };
    if !(1..=*version).contains(&site.version) {
        return Err(site.fault(format!(
            "found version {}, expected 1 to {version}; convert the model with an older TensorFlow",
            site.version
        )));
    }
    let found = table.i8(3, 0)?;
    let options = match (*options, table.table(4)?) {
        (0, _) => None,
        (expected, Some(options)) if expected == found => Some(options),
        _ => return Err(site.fault("its options are missing, or those of another operator".into())),
    };
    match options {
        Some(options) => with_options(site, options),
        None => without_options(site),
    }
}

fn with_options(site: &Site<'_, '_>, options: Table<'_>) -> Result<Kind, TfliteError> {
    match site.code {
        3 => {
            let filter = site.filter(0, 4)?;
            let window = window(
                site,
                options,
                [filter.shape[1], filter.shape[2]],
                Some([5, 4]),
            )?;
            let (filters, own) = (filter.shape[0], filter.shape[3]);
            let channels = site.image()?[2];
            let groups = channels / own;
            if groups * own != channels || !filters.is_multiple_of(groups) {
                return Err(site.fault(format!(
                    "found weights of shape {:?} on {channels} channels, expected groups that divide both",
                    filter.shape
                )));
            }
            site.takes(2, 3)?;
            site.int8_to_int8()?;
            site.windowed(window, filters)?;
            Ok(Kind::Conv2D {
                filter: site.input_at(1)?,
                bias: site.bias(filters)?,
                window,
                groups,
                activation: fused(site, options, 3)?,
            })
        }
        4 => {
            let filter = site.filter(3, 4)?;
            let window = window(
                site,
                options,
                [filter.shape[1], filter.shape[2]],
                Some([6, 5]),
            )?;
            let (channels, outputs) = (site.image()?[2], filter.shape[3]);
            if filter.shape[0] != 1 || !outputs.is_multiple_of(channels) {
                return Err(site.fault(format!(
                    "found weights of shape {:?} on {channels} channels, expected 1, rows, columns and a multiple \
                     of the channels",
                    filter.shape
                )));
            }
            site.takes(2, 3)?;
            site.int8_to_int8()?;
            site.windowed(window, outputs)?;
            Ok(Kind::DepthwiseConv2D {
                filter: site.input_at(1)?,
                bias: site.bias(outputs)?,
                window,
                multiplier: outputs / channels,
                activation: fused(site, options, 4)?,
            })
        }
        9 => {
            let filter = site.filter(0, 2)?;
            let (units, inputs) = (filter.shape[0], filter.shape[1]);
            let (x, y) = (site.input(0)?, site.output()?);
            let rows = x.len() / inputs;
            if rows * inputs != x.len() || rows * units != y.len() || y.shape.last() != Some(&units)
            {
                return Err(site.fault(format!(
                    "found weights of shape {:?} between {:?} and {:?}, expected outputs by inputs",
                    filter.shape, x.shape, y.shape
                )));
            }
            if options.i8(1, 0)? != 0 {
                return Err(site.fault("found shuffled weights, expected the default order".into()));
            }
            site.takes(2, 3)?;
            site.int8_to_int8()?;
            Ok(Kind::FullyConnected {
                filter: site.input_at(1)?,
                bias: site.bias(units)?,
                activation: fused(site, options, 0)?,
            })
        }
        1 | 17 => {
            let size = [options.i32(4, 0)?, options.i32(3, 0)?];
            let size = positive(site, size, "a pool")?;
            let window = window(site, options, size, None)?;
            site.takes(1, 1)?;
            site.windowed(window, site.image()?[2])?;
            site.same_quantization()?;
            let activation = fused(site, options, 5)?;
            Ok(match site.code {
                1 => Kind::AveragePool2D { window, activation },
                _ => Kind::MaxPool2D { window, activation },
            })
        }
        0 => {
            site.takes(2, 2)?;
            site.int8_to_int8()?;
            site.int8(site.input(1)?)?;
            for place in [0, 1] {
                let tensor = site.input(place)?;
                if tensor.data.is_some() || tensor.shape != site.output()?.shape {
                    return Err(site.fault(format!(
                        "found `{}` of shape {:?} beside an output of {:?}, expected two activations of one \
                         shape",
                        tensor.name,
                        tensor.shape,
                        site.output()?.shape
                    )));
                }
            }
            Ok(Kind::Add {
                activation: fused(site, options, 0)?,
            })
        }
        2 => concatenation(site, options),
        25 => {
            site.takes(1, 1)?;
            site.same_shape()?;
            site.output_quantization(Softmax::OUTPUT)?;
            let classes = *site.output()?.shape.last().unwrap_or(&1);
            if classes > 4095 {
                return Err(site.fault(format!("found {classes} classes, expected at most 4095")));
            }
            let beta = options.f32(0)?;
            match beta > 0.0 && beta.is_finite() {
                true => Ok(Kind::Softmax { beta }),
                false => Err(site.fault(format!("found beta {beta}, expected a positive one"))),
            }
        }
        _ => {
            site.takes(1, 1)?;
            site.same_shape()?;
            site.int8_to_int8()?;
            let alpha = options.f32(0)?;
            match alpha.is_finite() {
                true => Ok(Kind::LeakyRelu { alpha }),
                false => Err(site.fault(format!("found alpha {alpha}, expected a number"))),
            }
        }
    }
}

fn without_options(site: &Site<'_, '_>) -> Result<Kind, TfliteError> {
    match site.code {
        22 | 43 | 70 => {
            site.takes(1, 2)?;
            site.int8_to_int8()?;
            site.same_len()?;
            return Ok(Kind::Reshape);
        }
        34 | 60 => return pad(site),
        40 => return mean(site),
        _ => {}
    }
    site.takes(1, 1)?;
    site.same_shape()?;
    let (input, output) = (site.input(0)?, site.output()?);
    match site.code {
        114 => {
            if input.element != Element::F32 {
                site.int8(input)?;
            }
            site.int8(output)?;
            Ok(Kind::Quantize)
        }
        6 => {
            site.int8(input)?;
            match output.element {
                Element::F32 => Ok(Kind::Dequantize),
                other => {
                    Err(site.fault(format!("found an output of `{other}`, expected `FLOAT32`")))
                }
            }
        }
        14 => {
            site.output_quantization(Logistic::OUTPUT)?;
            Ok(Kind::Logistic)
        }
        28 => {
            site.output_quantization(Tanh::OUTPUT)?;
            Ok(Kind::Tanh)
        }
        19 => {
            site.int8_to_int8()?;
            Ok(Kind::Relu)
        }
        _ => {
            site.same_quantization()?;
            Ok(Kind::Relu6)
        }
    }
}

fn concatenation(site: &Site<'_, '_>, options: Table<'_>) -> Result<Kind, TfliteError> {
    site.takes(1, usize::MAX)?;
    let output = site.output()?;
    let quantization = site.int8(output)?;
    let rank = output.shape.len();
    let Some(axis) = axis_of(options.i32(0, 0)?, rank).filter(|axis| *axis > 0) else {
        return Err(site.fault(format!(
            "found axis {}, expected one from 1 to {}",
            options.i32(0, 0)?,
            rank.saturating_sub(1)
        )));
    };
    let mut along = 0;
    for place in 0..site.inputs.len() {
        let input = site.input(place)?;
        if site.int8(input)? != quantization {
            return Err(site.fault(format!(
                "found `{}` of {:?}, expected the output's {quantization:?}",
                input.name,
                site.int8(input)?
            )));
        }
        let mut shape = input.shape.clone();
        match shape.get_mut(axis) {
            Some(size) => along += core::mem::replace(size, output.shape[axis]),
            None => shape.clear(),
        }
        if shape != output.shape || input.data.is_some() {
            return Err(site.fault(format!(
                "found `{}` of shape {:?} beside an output of {:?}, expected activations that differ along \
                 axis {axis} only",
                input.name, input.shape, output.shape
            )));
        }
    }
    if along != output.shape[axis] || fused(site, options, 1)? != Fused::None {
        return Err(site.fault(format!(
            "found {along} places along axis {axis}, expected the output's {} and no activation",
            output.shape[axis]
        )));
    }
    Ok(Kind::Concatenation { axis })
}

fn mean(site: &Site<'_, '_>) -> Result<Kind, TfliteError> {
    site.takes(2, 2)?;
    site.int8_to_int8()?;
    let shape = &site.input(0)?.shape;
    let axes = site.constants(1, "axes")?;
    let mut over: Vec<_> = axes
        .iter()
        .filter_map(|axis| axis_of(*axis, shape.len()))
        .collect();
    over.sort_unstable();
    over.dedup();
    // All but the batch and the channels.
    let expected: Vec<_> = (1..shape.len().saturating_sub(1)).collect();
    let channels = shape.last().copied().unwrap_or(0);
    if expected.is_empty() || over != expected || site.output()?.len() != channels {
        return Err(site.fault(format!(
            "found a mean of {shape:?} over the axes {axes:?}, expected over {expected:?}: a global average \
             of each channel"
        )));
    }
    Ok(Kind::Mean)
}

fn pad(site: &Site<'_, '_>) -> Result<Kind, TfliteError> {
    site.takes(2, 3)?;
    site.same_quantization()?;
    let shape = &site.input(0)?.shape;
    let widths = site.constants(1, "paddings")?;
    let pairs = widths.as_chunks::<2>().0.iter();
    let pairs: Option<Vec<[usize; 2]>> = pairs
        .map(|[before, after]| Some([(*before).try_into().ok()?, (*after).try_into().ok()?]))
        .collect();
    let padding = match (pairs.as_deref(), &shape[..]) {
        (Some(&[[0, 0], rows, columns, [0, 0]]), [1, _, _, _]) => [rows, columns],
        (Some(&[[0, 0], steps, [0, 0]]), [1, _, _]) => [steps, [0, 0]],
        _ => {
            return Err(site.fault(format!(
                "found paddings of {widths:?} on {shape:?}, expected some before and after rows and columns, \
                 or steps"
            )));
        }
    };
    let mut expected = shape.clone();
    for (size, [before, after]) in expected.iter_mut().skip(1).zip(padding) {
        // At most twice 2^31 beside what is there.
        *size = size.saturating_add(before).saturating_add(after);
    }
    site.output_shape(&expected)?;
    let value = match site.inputs.get(2) {
        None | Some(None) => site.int8(site.output()?)?.zero_point,
        Some(Some(tensor)) => match site.tensors[*tensor].i8s() {
            Some([value]) => *value,
            _ => return Err(site.fault("found no constant of `INT8` to fill with".into())),
        },
    };
    Ok(Kind::Pad { padding, value })
}

/// An axis counted from the front; none where there is no such axis.
fn axis_of(axis: i32, rank: usize) -> Option<usize> {
    let axis = match axis {
        ..0 => rank.checked_sub(axis.unsigned_abs().try_into().ok()?)?,
        _ => axis.try_into().ok()?,
    };
    (axis < rank).then_some(axis)
}

/// The window of a convolution or a pool; `dilation` are the fields of rows and columns.
fn window(
    site: &Site<'_, '_>,
    options: Table<'_>,
    size: [usize; 2],
    dilation: Option<[usize; 2]>,
) -> Result<Window, TfliteError> {
    let padding = match options.i8(0, 0)? {
        0 => Padding::Same,
        1 => Padding::Valid,
        other => return Err(site.fault(format!("found the padding {other}, expected 0 or 1"))),
    };
    let strides = positive(site, [options.i32(2, 0)?, options.i32(1, 0)?], "strides")?;
    let dilation = match dilation {
        Some([rows, columns]) => [options.i32(rows, 1)?, options.i32(columns, 1)?],
        None => [1, 1],
    };
    Ok(Window {
        size,
        strides,
        padding,
        dilation: positive(site, dilation, "a dilation")?,
    })
}

/// Sizes of at least 1, of which no product with a size of a tensor overflows.
fn positive(site: &Site<'_, '_>, sizes: [i32; 2], what: &str) -> Result<[usize; 2], TfliteError> {
    match sizes.map(|size| usize::try_from(size).unwrap_or(0)) {
        [rows @ 1..=0xffff, columns @ 1..=0xffff] => Ok([rows, columns]),
        _ => Err(site.fault(format!(
            "found {what} of {sizes:?}, expected sizes from 1 to 65535"
        ))),
    }
}

/// The activation that follows.
fn fused(site: &Site<'_, '_>, options: Table<'_>, field: usize) -> Result<Fused, TfliteError> {
    match options.i8(field, 0)? {
        0 => Ok(Fused::None),
        1 => Ok(Fused::Relu),
        2 => Ok(Fused::ReluN1To1),
        3 => Ok(Fused::Relu6),
        other => Err(site.fault(format!(
            "found the fused activation {other}, expected none, `RELU`, `RELU_N1_TO_1` or `RELU6`"
        ))),
    }
}
