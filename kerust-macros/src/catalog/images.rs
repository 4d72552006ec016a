//! Layers for images.

use super::values::numbers;
use super::{After, Before, Rule, Spec, rule, setting};
use crate::arguments::Arguments;
use crate::diagnostics::Diagnostics;
use crate::plan::Role;
use crate::value::{Borders, Pair, Sliding, Term, padding};
use kerust_core::shape::Padding;
use proc_macro2::TokenStream;
use quote::quote;

pub fn pooling2d(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let pool = arguments.pair("pool_size").unwrap_or(Pair::square(2));
    let window = sliding(arguments, pool.clone(), pool);
    let (input, size) = (image(before), window.size.tokens());
    let mut config = quote!(::new(#input, #size));
    config.extend(window_settings(arguments, &window));
    Spec {
        rule: rule!(pooling2d(before.data, window)),
        after: After::Sizes(vec![None, None, Some(before.data.dim(2, before.nameable))]),
        config,
        ..Spec::default()
    }
}

pub fn global_pooling2d(_: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let input = image(before);
    Spec {
        rule: rule!(global_pooling2d(before.data)),
        after: After::Sizes(vec![Some(before.data.dim(2, before.nameable))]),
        config: quote!(::new(#input)),
        ..Spec::default()
    }
}

pub fn zero_padding2d(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let padding = arguments.borders("padding").unwrap_or(Borders::even(1));
    let (input, sides) = (image(before), padding.tokens());
    Spec {
        rule: rule!(zero_padding2d(before.data, padding)),
        after: After::Sizes(vec![None, None, Some(before.data.dim(2, before.nameable))]),
        config: quote!(::new(#input, #sides)),
        ..Spec::default()
    }
}

pub fn cropping2d(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let cropping = arguments.borders("cropping").unwrap_or(Borders::even(0));
    let (input, sides) = (image(before), cropping.tokens());
    Spec {
        rule: rule!(cropping2d(before.data, cropping)),
        after: After::Sizes(vec![None, None, Some(before.data.dim(2, before.nameable))]),
        config: quote!(::new(#input, #sides)),
        ..Spec::default()
    }
}

pub fn up_sampling2d(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let size = arguments.pair("size").unwrap_or(Pair::square(2));
    let interpolation = setting(arguments, "interpolation");
    let (input, scale) = (image(before), size.tokens());
    Spec {
        rule: rule!(up_sampling2d(before.data, size)),
        after: After::Sizes(vec![None, None, Some(before.data.dim(2, before.nameable))]),
        config: quote!(::new(#input, #scale) #interpolation),
        ..Spec::default()
    }
}

pub fn resizing(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    diagnostics: &mut Diagnostics,
) -> Spec {
    let (height, width) = (arguments.count("height"), arguments.count("width"));
    let interpolation = setting(arguments, "interpolation");
    let input = image(before);
    let same = match (before.data.known_shape(), height.known, width.known) {
        (Some(shape), Some(height), Some(width)) => {
            shape.rank() == 3 && shape.dim(0) == height && shape.dim(1) == width
        }
        _ => false,
    };
    let channels = before.data.dim(2, before.nameable);
    let [crop, pad] =
        ["crop_to_aspect_ratio", "pad_to_aspect_ratio"].map(|name| arguments.flag(name, false));
    if crop && pad {
        diagnostics
            .fault(
                arguments.tokens("pad_to_aspect_ratio"),
                "`pad_to_aspect_ratio` and `crop_to_aspect_ratio` are both `true`, expected at most one",
            )
            .help("remove one of the two");
    }
    let aspect = match (crop, pad) {
        (true, _) => quote!(.crop_to_aspect_ratio()),
        (_, true) => quote!(.pad_to_aspect_ratio()),
        _ => TokenStream::new(),
    };
    let fill_value = numbers(arguments, &["fill_value"]);
    Spec {
        rule: rule!(resizing(before.data, height, width)),
        role: if same { Role::Alias } else { Role::Compute },
        config: quote!(::new(#input, [#height, #width]) #interpolation #aspect #fill_value),
        after: After::Sizes(vec![Some(height), Some(width), Some(channels)]),
        ..Spec::default()
    }
}

/// `[height, width, channels]`
pub fn image(before: &Before<'_>) -> TokenStream {
    let [height, width, channels] = [0, 1, 2].map(|axis| before.data.dim(axis, true));
    quote!([#height, #width, #channels])
}

pub fn sliding(arguments: &Arguments<'_>, size: Pair, strides: Pair) -> Sliding {
    let dilation = match arguments.has("dilation_rate") {
        true => arguments.pair("dilation_rate"),
        false => None,
    };
    Sliding {
        size,
        strides: arguments.pair("strides").unwrap_or(strides),
        padding: match arguments.word("padding") {
            Some(("Same", _)) => Padding::Same,
            _ => Padding::Valid,
        },
        dilation: dilation.unwrap_or(Pair::square(1)),
    }
}

/// The settings that differ from the layer's defaults.
pub fn window_settings(arguments: &Arguments<'_>, window: &Sliding) -> TokenStream {
    let mut settings = TokenStream::new();
    if let Some(strides) = arguments.pair("strides") {
        let strides = strides.tokens();
        settings.extend(quote!(.strides(#strides)));
    }
    if window.padding == Padding::Same {
        let padding = padding(window.padding);
        settings.extend(quote!(.padding(#padding)));
    }
    settings
}
