//! Layers that slide over steps, or change their order.

use super::convolutions::{bias, int8_scratch, multiplier, times};
use super::{
    After, Before, Bias, Macs, Masking, Rule, Spec, Weights, initializers, product, rule, setting,
    sum,
};
use crate::arguments::Arguments;
use crate::diagnostics::Diagnostics;
use crate::plan::{Fusion, Role};
use crate::value::{Number, Pair, Size, Sliding, Term};
use kerust_core::layers::int8::conv_scratch_len;
use kerust_core::shape::Padding;
use proc_macro2::TokenStream;
use quote::quote;

pub(super) fn conv1d(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let (filters, kernel) = (arguments.count("filters"), arguments.count("kernel_size"));
    let window = window(arguments, kernel.clone(), Size::known(1));
    let groups = arguments.optional_count("groups").unwrap_or(Size::known(1));
    let input = sequence(before);
    let mut config = quote!(::new(#input, #filters, #kernel));
    config.extend(settings(arguments, &window));
    if groups.known != Some(1) {
        config.extend(quote!(.groups(#groups)));
    }
    config.extend(initializers(arguments));
    let channels = before.data.dim(1, before.nameable);
    let channels = match (channels.known, groups.known) {
        (_, Some(1)) => channels,
        (Some(channels), Some(groups)) => Size::known(channels / groups.max(1)),
        _ => Size::expression(quote!((#channels) / (#groups)), before.nameable),
    };
    let taps = times(&kernel, &channels, before.nameable);
    let scratch = taps.known.map(conv_scratch_len);
    Spec {
        int8_scratch: Some(int8_scratch(scratch, quote!(conv_scratch_len(#taps)), None)),
        rule: rule!(conv1d(before.data, filters, window, groups)),
        after: After::Sizes(vec![None, Some(filters.clone())]),
        config,
        weights: Some(Weights::kernel(
            "Conv1DWeights",
            vec![kernel, channels, filters.clone()],
            bias(arguments, Bias::OfEach(filters)),
        )),
        macs: Macs::Conv2D(Box::new(window), groups),
        fusion: Fusion::Product,
        ..with_activation(arguments)
    }
}

pub(super) fn depthwise_conv1d(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    _: &mut Diagnostics,
) -> Spec {
    let kernel = arguments.count("kernel_size");
    let window = window(arguments, kernel.clone(), Size::known(1));
    let multiplier = multiplier(arguments);
    let input = sequence(before);
    let mut config = quote!(::new(#input, #multiplier, #kernel));
    config.extend(settings(arguments, &window));
    config.extend(initializers(arguments));
    let channels = before.data.dim(1, before.nameable);
    let outputs = times(&channels, &multiplier, before.nameable);
    Spec {
        rule: rule!(depthwise_conv1d(before.data, multiplier, window)),
        after: After::Sizes(vec![None, Some(outputs.clone())]),
        config,
        weights: Some(Weights::kernel(
            "DepthwiseConv1DWeights",
            vec![kernel, channels, multiplier],
            bias(arguments, Bias::Stated(outputs)),
        )),
        macs: Macs::DepthwiseConv2D(Box::new(window)),
        ..with_activation(arguments)
    }
}

pub(super) fn separable_conv1d(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    _: &mut Diagnostics,
) -> Spec {
    let (filters, kernel) = (arguments.count("filters"), arguments.count("kernel_size"));
    let window = window(arguments, kernel.clone(), Size::known(1));
    let multiplier = multiplier(arguments);
    let between = rule!(depthwise_conv1d(before.data, multiplier, window));
    let input = sequence(before);
    let mut config = quote!(::new(#input, #filters, #multiplier, #kernel));
    config.extend(settings(arguments, &window));
    config.extend(initializers(arguments));
    let channels = before.data.dim(1, before.nameable);
    let outputs = times(&channels, &multiplier, before.nameable);
    let depthwise = vec![kernel, channels, multiplier.clone()];
    let pointwise = vec![outputs, filters.clone()];
    let biases = match arguments.flag("use_bias", true) {
        true => filters.clone(),
        false => Size::known(0),
    };
    let kernels = sum(product(&depthwise), product(&pointwise));
    Spec {
        rule: rule!(separable_conv1d(before.data, filters, multiplier, window)),
        after: After::Sizes(vec![None, Some(filters)]),
        config,
        weights: Some(Weights {
            name: "SeparableConv1DWeights",
            params: sum(kernels, biases.known),
            sizes: [depthwise, pointwise, vec![biases]].concat(),
            ..Weights::default()
        }),
        macs: Macs::SeparableConv2D(Box::new(window), multiplier),
        saved: between.map(super::convolutions::len_of),
        ..with_activation(arguments)
    }
}

pub(super) fn conv1d_transpose(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    _: &mut Diagnostics,
) -> Spec {
    let (filters, kernel) = (arguments.count("filters"), arguments.count("kernel_size"));
    let window = window(arguments, kernel.clone(), Size::known(1));
    let input = sequence(before);
    let mut config = quote!(::new(#input, #filters, #kernel));
    config.extend(settings(arguments, &window));
    config.extend(initializers(arguments));
    let channels = before.data.dim(1, before.nameable);
    // The default size of the type's bias is its second size, the outputs.
    let bias = bias(arguments, Bias::OfEach(filters.clone()));
    Spec {
        rule: rule!(conv1d_transpose(before.data, filters, window)),
        after: After::Sizes(vec![None, Some(filters.clone())]),
        config,
        weights: Some(Weights::kernel(
            "Conv1DTransposeWeights",
            vec![kernel, filters, channels],
            bias,
        )),
        macs: Macs::Conv2DTranspose(Box::new(window)),
        ..with_activation(arguments)
    }
}

pub(super) fn pooling1d(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    _: &mut Diagnostics,
) -> Spec {
    let pool = arguments.optional_count("pool_size");
    let pool = pool.unwrap_or(Size::known(2));
    let window = window(arguments, pool.clone(), pool.clone());
    let input = sequence(before);
    let mut config = quote!(::new(#input, #pool));
    config.extend(settings(arguments, &window));
    Spec {
        rule: rule!(pooling1d(before.data, window)),
        after: After::Sizes(vec![None, Some(features(before))]),
        config,
        ..Spec::default()
    }
}

pub(super) fn global_average_pooling1d(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    diagnostics: &mut Diagnostics,
) -> Spec {
    let is_masked = before.masked[0];
    Spec {
        masking: Masking::Uses,
        arguments: match is_masked {
            true => quote!(<(f32, u8)>),
            false => TokenStream::new(),
        },
        ..global_pooling1d(arguments, before, diagnostics)
    }
}

pub(super) fn global_pooling1d(
    _: &Arguments<'_>,
    before: &Before<'_>,
    _: &mut Diagnostics,
) -> Spec {
    let input = sequence(before);
    Spec {
        rule: rule!(global_pooling1d(before.data)),
        after: After::Sizes(vec![Some(features(before))]),
        config: quote!(::new(#input)),
        ..Spec::default()
    }
}

pub(super) fn zero_padding1d(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    _: &mut Diagnostics,
) -> Spec {
    let padding = arguments.pair("padding").unwrap_or(Pair::square(1));
    let (input, ends) = (sequence(before), padding.tokens());
    Spec {
        rule: rule!(zero_padding1d(before.data, padding)),
        after: After::Sizes(vec![None, Some(features(before))]),
        config: quote!(::new(#input, #ends)),
        ..Spec::default()
    }
}

pub(super) fn cropping1d(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    _: &mut Diagnostics,
) -> Spec {
    let cropping = arguments.pair("cropping").unwrap_or(Pair::square(1));
    let (input, ends) = (sequence(before), cropping.tokens());
    Spec {
        rule: rule!(cropping1d(before.data, cropping)),
        after: After::Sizes(vec![None, Some(features(before))]),
        config: quote!(::new(#input, #ends)),
        ..Spec::default()
    }
}

pub(super) fn up_sampling1d(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    _: &mut Diagnostics,
) -> Spec {
    let size = arguments.optional_count("size").unwrap_or(Size::known(2));
    let input = sequence(before);
    Spec {
        rule: rule!(up_sampling1d(before.data, size)),
        after: After::Sizes(vec![None, Some(features(before))]),
        config: quote!(::new(#input, #size)),
        ..Spec::default()
    }
}

pub(super) fn spatial_dropout1d(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    _: &mut Diagnostics,
) -> Spec {
    let rate = arguments.number("rate").unwrap_or(Number::known(0.5));
    let (input, rate) = (sequence(before), rate.tokens());
    Spec {
        rule: rule!(sequence(before.data)),
        role: Role::TrainingOnly,
        config: quote!(::new(#input, #rate)),
        saved: Some(before.data.dim(1, true).tokens()),
        ..Spec::default()
    }
}

pub(super) fn repeat_vector(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    _: &mut Diagnostics,
) -> Spec {
    let n = arguments.count("n");
    let features = before.data.dim(0, before.nameable);
    Spec {
        rule: rule!(repeat_vector(before.data, n)),
        config: quote!(::new(#features, #n)),
        after: After::Sizes(vec![Some(n), Some(features)]),
        ..Spec::default()
    }
}

pub(super) fn permute(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let dims: Vec<Size> = arguments.sizes("dims").into_iter().flatten().collect();
    let known: Option<Vec<usize>> = dims.iter().map(|dim| dim.known).collect();
    let known = || Some(kerust_core::shape::permute(before.data.known()?, &known?));
    let shape = before.data.shape();
    let tokens = quote!(::kerust::__private::shape::permute(#shape, &[#(#dims),*]));
    Spec {
        rule: arguments.sound.then(|| Rule {
            known: known(),
            tokens,
        }),
        after: After::Sizes(vec![None; dims.len()]),
        config: quote!(::new(#shape, &[#(#dims),*])),
        ..Spec::default()
    }
}

pub(super) fn position_embedding(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    _: &mut Diagnostics,
) -> Spec {
    let steps = before.data.dim(0, before.nameable);
    let given = arguments.optional_count("sequence_length");
    let length = given.unwrap_or(steps.clone());
    let initializer = setting(arguments, "initializer");
    let features = features(before);
    Spec {
        masking: Masking::Keeps,
        rule: rule!(position_embedding(before.data, length)),
        after: After::Same,
        config: quote!(::new(#steps) #initializer),
        weights: Some(Weights {
            name: "PositionEmbeddingWeights",
            params: product(&[length.clone(), features.clone()]),
            sizes: vec![length, features],
            ..Weights::default()
        }),
        in_place: true,
        forgets_output: true,
        ..Spec::default()
    }
}

/// The properties of a layer that ends with an activation.
fn with_activation(arguments: &Arguments<'_>) -> Spec {
    Spec {
        activation: arguments.word("activation"),
        forgets_output: true,
        takes_activation: true,
        ..Spec::default()
    }
}

/// `[steps, features]`
pub(super) fn sequence(before: &Before<'_>) -> TokenStream {
    let [steps, features] = [0, 1].map(|axis| before.data.dim(axis, true));
    quote!([#steps, #features])
}

pub(super) fn features(before: &Before<'_>) -> Size {
    before.data.dim(1, before.nameable)
}

/// A window over steps, as a window over an image with one row.
fn window(arguments: &Arguments<'_>, size: Size, strides: Size) -> Sliding {
    let count = |name: &str| {
        let given = arguments.has(name).then(|| arguments.optional_count(name));
        given.flatten()
    };
    let row = |size: Size| Pair(Size::known(1), size);
    Sliding {
        size: row(size),
        strides: row(count("strides").unwrap_or(strides)),
        padding: match arguments.word("padding") {
            Some(("Same", _)) => Padding::Same,
            Some(("Causal", _)) => Padding::Causal,
            _ => Padding::Valid,
        },
        dilation: row(count("dilation_rate").unwrap_or(Size::known(1))),
    }
}

/// The settings that differ from the layer's defaults.
fn settings(arguments: &Arguments<'_>, window: &Sliding) -> TokenStream {
    let mut settings = TokenStream::new();
    if let Some(strides) = arguments.optional_count("strides") {
        settings.extend(quote!(.strides(#strides)));
    }
    if window.padding != Padding::Valid {
        let padding = crate::value::padding(window.padding);
        settings.extend(quote!(.padding(#padding)));
    }
    let Pair(_, dilation) = &window.dilation;
    if dilation.known != Some(1) {
        settings.extend(quote!(.dilation(#dilation)));
    }
    settings
}
