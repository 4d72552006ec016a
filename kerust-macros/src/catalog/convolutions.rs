//! Convolutions of images.

use super::images::{image, sliding, window_settings};
use super::{After, Before, Bias, Macs, Rule, Spec, Weights, initializers, product, rule, sum};
use crate::arguments::Arguments;
use crate::diagnostics::Diagnostics;
use crate::plan::{Fusion, Int8Scratch};
use crate::value::{Pair, Size, Sliding, Term};
use kerust_core::layers::int8::{conv_scratch_len, depthwise_scratch_len};
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};

pub fn conv2d(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let filters = arguments.count("filters");
    let kernel = arguments.pair("kernel_size").unwrap_or(Pair::square(1));
    let window = sliding(arguments, kernel.clone(), Pair::square(1));
    let groups = arguments.optional_count("groups").unwrap_or(Size::known(1));
    let rule = rule!(conv2d(before.data, filters, window, groups));

    let input = image(before);
    let size = window.size.tokens();
    let mut config = quote!(::new(#input, #filters, #size));
    config.extend(window_settings(arguments, &window));
    config.extend(dilation(&window));
    if groups.known != Some(1) {
        config.extend(quote!(.groups(#groups)));
    }
    config.extend(initializers(arguments));
    let channels = before.data.dim(2, before.nameable);
    let channels = match (channels.known, groups.known) {
        (_, Some(1)) => channels,
        (Some(channels), Some(groups)) => Size::known(channels / groups.max(1)),
        _ => Size::expression(quote!((#channels) / (#groups)), before.nameable),
    };
    let Pair(rows, columns) = kernel;
    let taps = times(&rows, &columns, before.nameable);
    let taps = times(&taps, &channels, before.nameable);
    let scratch = taps.known.map(conv_scratch_len);
    let bias = bias(arguments, Bias::OfEach(filters.clone()));
    let fits = matches!(&rule, Some(rule) if matches!(rule.known, Some(Ok(_))));
    let kept = fits.then(|| rows_kept(before, &window, &filters)).flatten();
    let none = fits.then(|| none_kept(before, &window, &filters)).flatten();
    let int8_scratch = int8_scratch(scratch, quote!(conv_scratch_len(#taps)), none.or(kept));
    Spec {
        rule,
        after: After::Sizes(vec![None, None, Some(filters.clone())]),
        config,
        weights: Some(Weights::kernel(
            "Conv2DWeights",
            vec![rows, columns, channels, filters],
            bias,
        )),
        macs: Macs::Conv2D(Box::new(window), groups),
        int8_scratch: Some(int8_scratch),
        in_place: kept.is_some(),
        in_place_scratch: kept,
        activation: arguments.word("activation"),
        forgets_output: true,
        takes_activation: true,
        fusion: Fusion::Product,
        ..Spec::default()
    }
}

/// The number of values in the rows that are kept for an in-place convolution; `None` if it is not possible,
/// or if they would be at least as many as those of the output.
fn rows_kept(before: &Before<'_>, window: &Sliding, filters: &Size) -> Option<usize> {
    let shape = before.data.known_shape()?;
    let &[height, width, channels] = shape.dims() else {
        return None;
    };
    let rows = window.known()?.rows_kept(height, width)?;
    (filters.known == Some(channels) && rows < height).then_some(rows * width * channels)
}

/// 0 if no rows must be kept to overwrite an image in 8 bits: if the window is one pixel.
fn none_kept(before: &Before<'_>, window: &Sliding, filters: &Size) -> Option<usize> {
    let channels = before.data.known_shape()?.last();
    let window = window.known()?;
    let is_pixel = window.size == [1, 1] && window.strides == [1, 1];
    (is_pixel && filters.known == Some(channels)).then_some(0)
}

/// The scratch of an 8-bit kernel: so many words, or as many as this function says, and the rows that are `kept`.
pub(super) fn int8_scratch(
    words: Option<usize>,
    function: TokenStream,
    kept: Option<usize>,
) -> Int8Scratch {
    let in_place = words.zip(kept);
    Int8Scratch {
        len: match words {
            Some(words) => Literal::usize_unsuffixed(words).into_token_stream(),
            None => quote!(::kerust::__private::layers::int8::#function),
        },
        in_place: in_place.map(|(words, kept)| words + kept.div_ceil(4)),
    }
}

pub fn depthwise_conv2d(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    _: &mut Diagnostics,
) -> Spec {
    let kernel = arguments.pair("kernel_size").unwrap_or(Pair::square(1));
    let window = sliding(arguments, kernel.clone(), Pair::square(1));
    let multiplier = multiplier(arguments);
    let rule = rule!(depthwise_conv2d(before.data, multiplier, window));
    let (input, size) = (image(before), window.size.tokens());
    let mut config = quote!(::new(#input, #multiplier, #size));
    config.extend(window_settings(arguments, &window));
    config.extend(dilation(&window));
    config.extend(initializers(arguments));
    let channels = before.data.dim(2, before.nameable);
    let outputs = times(&channels, &multiplier, before.nameable);
    let Pair(rows, columns) = kernel;
    let fits = matches!(&rule, Some(rule) if matches!(rule.known, Some(Ok(_))));
    let kept = fits.then(|| rows_kept(before, &window, &outputs)).flatten();
    let taps = times(&rows, &columns, before.nameable);
    let scratch = taps.known.zip(channels.known);
    let scratch = scratch.map(|(taps, channels)| depthwise_scratch_len(taps, channels));
    let int8_scratch = int8_scratch(
        scratch,
        quote!(depthwise_scratch_len(#taps, #channels)),
        kept,
    );
    Spec {
        rule,
        int8_scratch: Some(int8_scratch),
        after: After::Sizes(vec![None, None, Some(outputs.clone())]),
        config,
        weights: Some(Weights::kernel(
            "DepthwiseConv2DWeights",
            vec![rows, columns, channels, multiplier],
            bias(arguments, Bias::Stated(outputs)),
        )),
        macs: Macs::DepthwiseConv2D(Box::new(window)),
        activation: arguments.word("activation"),
        forgets_output: true,
        takes_activation: true,
        ..Spec::default()
    }
}

pub fn separable_conv2d(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    _: &mut Diagnostics,
) -> Spec {
    let filters = arguments.count("filters");
    let kernel = arguments.pair("kernel_size").unwrap_or(Pair::square(1));
    let window = sliding(arguments, kernel.clone(), Pair::square(1));
    let multiplier = multiplier(arguments);
    let rule = rule!(separable_conv2d(before.data, filters, multiplier, window));
    let between = rule!(depthwise_conv2d(before.data, multiplier, window));
    let saved = between.map(len_of);
    let (input, size) = (image(before), window.size.tokens());
    let mut config = quote!(::new(#input, #filters, #multiplier, #size));
    config.extend(window_settings(arguments, &window));
    config.extend(dilation(&window));
    config.extend(initializers(arguments));
    let channels = before.data.dim(2, before.nameable);
    let between = times(&channels, &multiplier, before.nameable);
    let Pair(rows, columns) = kernel;
    let depthwise = vec![rows, columns, channels, multiplier.clone()];
    let pointwise = vec![between.clone(), filters.clone()];
    let biases = match arguments.flag("use_bias", true) {
        true => filters.clone(),
        false => Size::known(0),
    };
    let kernels = sum(product(&depthwise), product(&pointwise));
    Spec {
        rule,
        after: After::Sizes(vec![None, None, Some(filters)]),
        config,
        weights: Some(Weights {
            name: "SeparableConv2DWeights",
            params: sum(kernels, biases.known),
            sizes: [depthwise, pointwise, vec![biases]].concat(),
            ..Weights::default()
        }),
        macs: Macs::SeparableConv2D(Box::new(window), multiplier),
        saved,
        activation: arguments.word("activation"),
        forgets_output: true,
        takes_activation: true,
        ..Spec::default()
    }
}

pub fn conv2d_transpose(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    _: &mut Diagnostics,
) -> Spec {
    let filters = arguments.count("filters");
    let kernel = arguments.pair("kernel_size").unwrap_or(Pair::square(1));
    let window = sliding(arguments, kernel.clone(), Pair::square(1));
    let rule = rule!(conv2d_transpose(before.data, filters, window));
    let (input, size) = (image(before), window.size.tokens());
    let mut config = quote!(::new(#input, #filters, #size));
    config.extend(window_settings(arguments, &window));
    config.extend(initializers(arguments));
    let channels = before.data.dim(2, before.nameable);
    let Pair(rows, columns) = kernel;
    let bias = bias(arguments, Bias::OfEach(filters.clone()));
    // The default size of the type's bias is its third size, the outputs.
    Spec {
        rule,
        after: After::Sizes(vec![None, None, Some(filters.clone())]),
        config,
        weights: Some(Weights::kernel(
            "Conv2DTransposeWeights",
            vec![rows, columns, filters, channels],
            bias,
        )),
        macs: Macs::Conv2DTranspose(Box::new(window)),
        activation: arguments.word("activation"),
        forgets_output: true,
        takes_activation: true,
        ..Spec::default()
    }
}

/// The number of values in the shape that a rule returns. Errors are reported where the shape is checked.
pub(super) fn len_of(rule: Rule) -> TokenStream {
    match rule.known {
        Some(Ok(shape)) => Size::known(shape.len()).tokens(),
        Some(Err(_)) => quote!(0),
        None => {
            let call = rule.tokens;
            quote!(match #call {
                ::core::result::Result::Ok(shape) => shape.len(),
                ::core::result::Result::Err(_) => 0,
            })
        }
    }
}

pub(super) fn multiplier(arguments: &Arguments<'_>) -> Size {
    let given = arguments.optional_count("depth_multiplier");
    given.unwrap_or(Size::known(1))
}

pub(super) fn bias(arguments: &Arguments<'_>, bias: Bias) -> Bias {
    match arguments.flag("use_bias", true) {
        true => bias,
        false => Bias::None,
    }
}

pub(super) fn times(a: &Size, b: &Size, nameable: bool) -> Size {
    match (a.known, b.known) {
        (Some(a), Some(b)) => Size::known(a.saturating_mul(b)),
        (_, Some(1)) => a.clone(),
        // Not `a * b`, which clippy would take for a forgotten comma in an array that spans two lines.
        _ => Size::expression(
            quote!(::core::primitive::usize::saturating_mul(#a, #b)),
            nameable,
        ),
    }
}

pub(super) fn dilation(window: &Sliding) -> TokenStream {
    if window.dilation.is(1) {
        return TokenStream::new();
    }
    let dilation = window.dilation.tokens();
    quote!(.dilation(#dilation))
}
