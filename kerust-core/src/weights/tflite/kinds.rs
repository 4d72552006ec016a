//! Reads each operator from its options and tensors.

use super::bytes::Table;
use super::check::{Site, text};
use super::options::{fused, positive, window};
use super::{Element, Kind, TfliteError};
use crate::kernels::int8::{Fused, Logistic, Softmax, Tanh};

/// `CONV_2D`.
pub(super) fn conv_2d(site: &Site<'_, '_>, options: Table<'_>) -> Result<Kind, TfliteError> {
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
            "found weights of shape {:?} on {channels} channels, expected groups that divide both; \
             convert the model again",
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

/// `DEPTHWISE_CONV_2D`.
pub(super) fn depthwise_conv_2d(
    site: &Site<'_, '_>,
    options: Table<'_>,
) -> Result<Kind, TfliteError> {
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

/// `FULLY_CONNECTED`.
pub(super) fn fully_connected(
    site: &Site<'_, '_>,
    options: Table<'_>,
) -> Result<Kind, TfliteError> {
    let filter = site.filter(0, 2)?;
    let (units, inputs) = (filter.shape[0], filter.shape[1]);
    let (x, y) = (site.input(0)?, site.output()?);
    let rows = x.len() / inputs;
    if rows * inputs != x.len() || rows * units != y.len() || y.shape.last() != Some(&units) {
        return Err(site.fault(format!(
            "found weights of shape {:?} between {:?} and {:?}, expected outputs by inputs; convert \
             the model again",
            filter.shape, x.shape, y.shape
        )));
    }
    if options.i8(1, 0)? != 0 {
        return Err(site.fault("found shuffled weights, expected the default order; convert the model for a CPU without them".into()));
    }
    site.takes(2, 3)?;
    site.int8_to_int8()?;
    Ok(Kind::FullyConnected {
        filter: site.input_at(1)?,
        bias: site.bias(units)?,
        activation: fused(site, options, 0)?,
    })
}

/// `AVERAGE_POOL_2D`, `MAX_POOL_2D`.
pub(super) fn pool_2d(site: &Site<'_, '_>, options: Table<'_>) -> Result<Kind, TfliteError> {
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

/// `ADD`.
pub(super) fn add(site: &Site<'_, '_>, options: Table<'_>) -> Result<Kind, TfliteError> {
    site.takes(2, 2)?;
    site.int8_to_int8()?;
    site.int8(site.input(1)?)?;
    for place in [0, 1] {
        let tensor = site.input(place)?;
        if tensor.data.is_some() || tensor.shape != site.output()?.shape {
            return Err(site.fault(format!(
                "found `{}` of shape {:?} and an output of {:?}, expected two activations of one \
                 shape; give both the same shape beforehand",
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

/// `SOFTMAX`.
pub(super) fn softmax(site: &Site<'_, '_>, options: Table<'_>) -> Result<Kind, TfliteError> {
    site.takes(1, 1)?;
    site.same_shape()?;
    site.output_quantization(Softmax::OUTPUT)?;
    let classes = *site.output()?.shape.last().unwrap_or(&1);
    if classes > 4095 {
        return Err(site.fault(format!("found {classes} classes, expected at most 4095; leave the softmax out, which does not change the \
             order of the classes")));
    }
    let beta = options.f32(0)?;
    match beta > 0.0 && beta.is_finite() {
        true => Ok(Kind::Softmax { beta }),
        false => Err(site.fault(format!("found beta {beta}, expected a positive one"))),
    }
}

/// `LEAKY_RELU`.
pub(super) fn leaky_relu(site: &Site<'_, '_>, options: Table<'_>) -> Result<Kind, TfliteError> {
    site.takes(1, 1)?;
    site.same_shape()?;
    site.int8_to_int8()?;
    let alpha = options.f32(0)?;
    match alpha.is_finite() {
        true => Ok(Kind::LeakyRelu { alpha }),
        false => Err(site.fault(format!("found alpha {alpha}, expected a number"))),
    }
}

/// `CONCATENATION`.
pub(super) fn concatenation(site: &Site<'_, '_>, options: Table<'_>) -> Result<Kind, TfliteError> {
    site.takes(1, usize::MAX)?;
    let output = site.output()?;
    let quantization = site.int8(output)?;
    let rank = output.shape.len();
    let Some(axis) = axis_of(options.i32(0, 0)?, rank).filter(|axis| *axis > 0) else {
        return Err(site.fault(format!(
            "found axis {}, expected one from 1 to {}; join tensors of one batch",
            options.i32(0, 0)?,
            rank.saturating_sub(1)
        )));
    };
    let mut along = 0;
    for place in 0..site.inputs.len() {
        let input = site.input(place)?;
        if site.int8(input)? != quantization {
            return Err(site.fault(format!(
                "found `{}` of {}, expected the output's {}; convert the model with a newer TensorFlow, which \
                 rescales the inputs beforehand",
                input.name,
                text(site.int8(input)?),
                text(quantization)
            )));
        }
        let mut shape = input.shape.clone();
        match shape.get_mut(axis) {
            Some(size) => along += core::mem::replace(size, output.shape[axis]),
            None => shape.clear(),
        }
        if shape != output.shape || input.data.is_some() {
            return Err(site.fault(format!(
                "found `{}` of shape {:?} and an output of {:?}, expected activations that differ along \
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

/// `MEAN`.
pub(super) fn mean(site: &Site<'_, '_>) -> Result<Kind, TfliteError> {
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
    // All axes except for the batch and the channels.
    let expected: Vec<_> = (1..shape.len().saturating_sub(1)).collect();
    let channels = shape.last().copied().unwrap_or(0);
    if expected.is_empty() || over != expected || site.output()?.len() != channels {
        return Err(site.fault(format!(
            "found a mean of {shape:?} over the axes {axes:?}, expected over {expected:?}; use a global average \
             of each channel"
        )));
    }
    Ok(Kind::Mean)
}

/// `PAD`, `PADV2`.
pub(super) fn pad(site: &Site<'_, '_>) -> Result<Kind, TfliteError> {
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
                "found paddings of {widths:?} on {shape:?}, expected rows and columns, or steps, and neither batch \
                 nor channels; leave those as they are"
            )));
        }
    };
    let mut expected = shape.clone();
    for (size, [before, after]) in expected.iter_mut().skip(1).zip(padding) {
        // At most twice 2^31 in addition to the existing size.
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

/// `RESHAPE`, `SQUEEZE`, `EXPAND_DIMS`.
pub(super) fn reshape(site: &Site<'_, '_>) -> Result<Kind, TfliteError> {
    site.takes(1, 2)?;
    site.int8_to_int8()?;
    site.same_len()?;
    Ok(Kind::Reshape)
}

/// An elementwise operator with one input.
pub(super) fn elementwise(site: &Site<'_, '_>) -> Result<Kind, TfliteError> {
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

/// The axis counted from the first; `None` if there is no such axis.
fn axis_of(axis: i32, rank: usize) -> Option<usize> {
    let axis = match axis {
        ..0 => rank.checked_sub(axis.unsigned_abs().try_into().ok()?)?,
        _ => axis.try_into().ok()?,
    };
    (axis < rank).then_some(axis)
}
