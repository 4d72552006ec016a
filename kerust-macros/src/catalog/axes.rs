//! The axes of a sample that an argument names.

use super::Before;
use crate::arguments::Arguments;
use crate::diagnostics::Diagnostics;
use crate::plan::Form;
use crate::value::text;
use proc_macro2::TokenStream;

/// How an argument counts the axes of a sample; as in Keras, axis 0 is the batch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// From 1 on.
    FromOne,
    /// From 1 on, or from -1 back.
    BothWays,
}

/// The places of the axes that are given among the sizes of a sample, in their order, each once; `None` where
/// none is given, where one is no axis, and where the rank is not known.
pub(super) fn places(
    arguments: &Arguments<'_>,
    name: &str,
    before: &Before<'_>,
    count: Count,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<usize>> {
    let axes = arguments.axes(name)?;
    let rank = known_rank(arguments, before, arguments.tokens(name), diagnostics)? as i128;
    let mut places = Vec::new();
    for (axis, tokens) in axes {
        let place = match axis {
            ..=-1 if count == Count::BothWays => axis + rank,
            _ => axis - 1,
        };
        if !(0..rank).contains(&place) {
            let (layer, data) = (arguments.layer(), before.data);
            let fault = diagnostics.fault(
                &tokens,
                format!("`{layer}` along axis `{}` of {data}", text(&tokens)),
            );
            match (axis, count) {
                (0, _) => fault.help(format!(
                    "axis 0 is the batch; leave `{name}` out, or write an axis from 1"
                )),
                (_, Count::FromOne) => fault.help(format!("the axes of a sample are 1 to {rank}")),
                (_, Count::BothWays) => fault.help(format!(
                    "the axes of a sample are 1 to {rank}, or -{rank} to -1 from the end"
                )),
            };
            return None;
        }
        if places.contains(&(place as usize)) {
            diagnostics
                .fault(&tokens, format!("axis `{}` is named twice", text(&tokens)))
                .help("remove one of the two");
            return None;
        }
        places.push(place as usize);
    }
    places.sort_unstable();
    Some(places)
}

/// The rank of what stands before the layer, which is a fault where rustc alone knows it: behind a layer of one's
/// own.
pub(super) fn known_rank(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    at: TokenStream,
    diagnostics: &mut Diagnostics,
) -> Option<usize> {
    match &before.data.form {
        Form::Sizes(sizes) => return Some(sizes.len()),
        _ if before.data.is_unknown() => {}
        _ => {
            let layer = arguments.layer();
            diagnostics
                .fault(at, format!("`{layer}` needs to know the axes of a sample"))
                .note("the layer before it is one of your own, whose shape rustc alone knows")
                .help("state the shape: `Reshape(..)` before it, which costs nothing");
        }
    }
    None
}
