//! The supported operators, and the options that several of them have.

use super::bytes::Table;
use super::check::Site;
use super::{Kind, TfliteError, kinds};
use crate::kernels::int8::Fused;
use crate::shape::{Padding, Window};

/// The supported operators: code, name, last version, and the kind of their options (0 if the options do not
/// matter).
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

/// Reads the operation of a supported operator, and checks its tensors. Returns its name too.
pub(super) fn kind(
    site: &Site<'_, '_>,
    table: Table<'_>,
) -> Result<(&'static str, Kind), TfliteError> {
    let Some((_, name, version, options)) = READ.iter().find(|(code, ..)| *code == site.code)
    else {
        return Err(site.fault(without_arithmetic(site.code)));
    };
    if !(1..=*version).contains(&site.version) {
        return Err(site.fault(format!(
            "found version {}, expected 1 to {version}; convert the model with an older TensorFlow",
            site.version
        )));
    }
    let found = table.i8(3, 0)?;
    let options =
        match (*options, table.table(4)?) {
            (0, _) => None,
            (expected, Some(options)) if expected == found => Some(options),
            _ => return Err(site.fault(
                "its options are missing, or those of another operator; convert the model again"
                    .into(),
            )),
        };
    let kind = match options {
        Some(options) => match site.code {
            0 => kinds::add(site, options),
            1 | 17 => kinds::pool_2d(site, options),
            2 => kinds::concatenation(site, options),
            3 => kinds::conv_2d(site, options),
            4 => kinds::depthwise_conv_2d(site, options),
            9 => kinds::fully_connected(site, options),
            25 => kinds::softmax(site, options),
            _ => kinds::leaky_relu(site, options),
        },
        None => match site.code {
            22 | 43 | 70 => kinds::reshape(site),
            34 | 60 => kinds::pad(site),
            40 => kinds::mean(site),
            _ => kinds::elementwise(site),
        },
    };
    Ok((name, kind?))
}

/// The message for an unsupported operator.
fn without_arithmetic(code: i32) -> String {
    let help = match code {
        // BATCH_TO_SPACE_ND, SPACE_TO_BATCH_ND.
        37 | 38 => {
            "it represents a dilated convolution with a variable batch size; convert the model with a batch of 1"
                .to_string()
        }
        _ => {
            let names = READ.iter().map(|(_, name, ..)| format!("`{name}`"));
            let names: Vec<_> = names.collect();
            format!("leave it out of the model, or build it from {}", names.join(", "))
        }
    };
    format!("kerust has no 8-bit arithmetic for it; {help}")
}

/// The window of a convolution or pooling; `dilation` gives the fields of rows and columns.
pub(super) fn window(
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

/// Sizes of at least 1 that are small enough that products with tensor sizes do not overflow.
pub(super) fn positive(
    site: &Site<'_, '_>,
    sizes: [i32; 2],
    what: &str,
) -> Result<[usize; 2], TfliteError> {
    match sizes.map(|size| usize::try_from(size).unwrap_or(0)) {
        [rows @ 1..=0xffff, columns @ 1..=0xffff] => Ok([rows, columns]),
        _ => Err(site.fault(format!(
            "found {what} of {sizes:?}, expected sizes from 1 to 65535; convert the model again"
        ))),
    }
}

/// The fused activation.
pub(super) fn fused(
    site: &Site<'_, '_>,
    options: Table<'_>,
    field: usize,
) -> Result<Fused, TfliteError> {
    match options.i8(field, 0)? {
        0 => Ok(Fused::None),
        1 => Ok(Fused::Relu),
        2 => Ok(Fused::ReluN1To1),
        3 => Ok(Fused::Relu6),
        other => Err(site.fault(format!(
            "found the fused activation {other}, expected none, `RELU`, `RELU_N1_TO_1` or `RELU6`; make it a separate layer"
        ))),
    }
}
