//! The layers that change images at random in training, and the one that cuts out their middle: one row each.

use super::images::image;
use super::rows::{INTERPOLATION, optional, required};
use super::values::numbers;
use super::{After, Before, Row, Rule, Spec, rule, setting};
use crate::arguments::{Arguments, Kind, Parameter};
use crate::diagnostics::Diagnostics;
use crate::plan::Role;
use crate::value::{Number, Term, text};
use crate::words::{FILL_MODES, FLIPS};
use kerust_core::shape::Bounds;
use proc_macro2::{Span, TokenStream};
use quote::quote;

const FILL_MODE: Parameter = optional("fill_mode", Kind::Word(&FILL_MODES));
const FILL_VALUE: Parameter = optional("fill_value", Kind::Number(Bounds::Finite));
const VALUE_RANGE: Parameter = optional("value_range", Kind::Numbers(Bounds::Finite));

pub(super) static ROWS: &[Row] = &[
    Row {
        name: "CenterCrop",
        parameters: &[
            required("height", Kind::Count),
            required("width", Kind::Count),
        ],
        infer: center_crop,
    },
    Row {
        name: "RandomRotation",
        parameters: &[
            required("factor", Kind::Factor(Bounds::Turn)),
            FILL_MODE,
            INTERPOLATION,
            FILL_VALUE,
        ],
        infer: random_rotation,
    },
    Row {
        name: "RandomFlip",
        parameters: &[optional("mode", Kind::Word(&FLIPS))],
        infer: random_flip,
    },
    Row {
        name: "RandomTranslation",
        parameters: &[
            required("height_factor", Kind::Range(Bounds::Turn)),
            required("width_factor", Kind::Range(Bounds::Turn)),
            FILL_MODE,
            INTERPOLATION,
            FILL_VALUE,
        ],
        infer: random_translation,
    },
    Row {
        name: "RandomZoom",
        parameters: &[
            required("height_factor", Kind::Range(Bounds::Turn)),
            optional("width_factor", Kind::Range(Bounds::Turn)),
            FILL_MODE,
            INTERPOLATION,
            FILL_VALUE,
        ],
        infer: random_zoom,
    },
    Row {
        name: "RandomBrightness",
        parameters: &[required("factor", Kind::Range(Bounds::Turn)), VALUE_RANGE],
        infer: random_brightness,
    },
    Row {
        name: "RandomContrast",
        parameters: &[required("factor", Kind::Range(Bounds::Share)), VALUE_RANGE],
        infer: random_contrast,
    },
    Row {
        name: "RandomCrop",
        parameters: &[
            required("height", Kind::Count),
            required("width", Kind::Count),
        ],
        infer: random_crop,
    },
    Row {
        name: "RandomErasing",
        parameters: &[
            optional("factor", Kind::Range(Bounds::Share)),
            optional("scale", Kind::Range(Bounds::Share)),
            optional("fill_value", Kind::Numbers(Bounds::Finite)),
            VALUE_RANGE,
        ],
        infer: random_erasing,
    },
];

fn center_crop(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let (height, width) = (arguments.count("height"), arguments.count("width"));
    let input = image(before);
    let channels = before.data.dim(2, before.nameable);
    Spec {
        rule: rule!(resizing(before.data, height, width)),
        config: quote!(::new(#input, [#height, #width])),
        after: After::Sizes(vec![Some(height), Some(width), Some(channels)]),
        ..Spec::default()
    }
}

fn random_crop(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    diagnostics: &mut Diagnostics,
) -> Spec {
    Spec {
        saved: Some(quote!(2)),
        ..center_crop(arguments, before, diagnostics)
    }
}

fn random_erasing(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    diagnostics: &mut Diagnostics,
) -> Spec {
    let input = image(before);
    let [factor, scale] = ["factor", "scale"].map(|name| {
        // As in Keras, a single number is the upper end, and 0 is the lower end.
        let (lower, upper) = match arguments.several(name).as_deref() {
            Some([upper]) => (quote!(0.0), upper.tokens()),
            Some([lower, upper]) => (lower.tokens(), upper.tokens()),
            _ => return TokenStream::new(),
        };
        let method = proc_macro2::Ident::new(name, Span::call_site());
        quote!(.#method([#lower, #upper]))
    });
    let fill_value = match arguments.several("fill_value").as_deref() {
        None => TokenStream::new(),
        Some([value]) => {
            let value = value.tokens();
            quote!(.fill_value([#value; 3]))
        }
        Some([red, green, blue]) => {
            let [red, green, blue] = [red, green, blue].map(Term::tokens);
            quote!(.fill_value([#red, #green, #blue]))
        }
        Some(_) => {
            let found = arguments.tokens("fill_value");
            diagnostics
                .fault(
                    &found,
                    format!(
                        "`fill_value` is `{}`, expected one number or three",
                        text(&found)
                    ),
                )
                .help(
                    "write one value for all channels, `fill_value = 0`, or one for each of three",
                );
            TokenStream::new()
        }
    };
    let values = value_range(arguments, diagnostics);
    Spec {
        saved: Some(quote!(4)),
        ..drawn(
            before,
            quote!(::new(#input) #factor #scale #fill_value #values),
        )
    }
}

fn random_rotation(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let still = || (Number::known(0.0), Number::known(0.0));
    let (lower, upper) = arguments.range("factor").unwrap_or_else(still);
    let (input, from, to) = (image(before), lower.tokens(), upper.tokens());
    let settings = reading(arguments);
    Spec {
        rule: rule!(rotation(before.data, lower, upper)),
        role: Role::TrainingOnly,
        config: quote!(::new(#input, #from, #to) #settings),
        saved: Some(quote!(1)),
        ..Spec::default()
    }
}

fn random_flip(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let both = FLIPS.tokens("HorizontalAndVertical", Span::call_site());
    let mode = arguments.word_tokens("mode").unwrap_or(both);
    let input = image(before);
    Spec {
        rule: rule!(image(before.data)),
        role: Role::TrainingOnly,
        config: quote!(::new(#input, #mode)),
        saved: Some(quote!(1)),
        ..Spec::default()
    }
}

fn random_translation(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let (input, settings) = (image(before), reading(arguments));
    let [height, width] = ["height_factor", "width_factor"].map(|name| range(arguments, name));
    let config = quote!(::new(#input, #height, #width) #settings);
    Spec {
        saved: Some(quote!(2)),
        ..drawn(before, config)
    }
}

fn random_zoom(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let (input, settings) = (image(before), reading(arguments));
    let height = range(arguments, "height_factor");
    let width = arguments.is_given("width_factor").then(|| {
        let width = range(arguments, "width_factor");
        quote!(.width_factor(#width))
    });
    let config = quote!(::new(#input, #height) #width #settings);
    Spec {
        saved: Some(quote!(2)),
        ..drawn(before, config)
    }
}

fn random_brightness(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    diagnostics: &mut Diagnostics,
) -> Spec {
    let (input, factor) = (image(before), range(arguments, "factor"));
    let values = value_range(arguments, diagnostics);
    drawn(before, quote!(::new(#input, #factor) #values))
}

fn random_contrast(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    diagnostics: &mut Diagnostics,
) -> Spec {
    let input = image(before);
    let factors = match arguments.several("factor").as_deref() {
        // As Keras does, one number makes the contrast stronger alone.
        Some([factor]) => {
            let factor = factor.tokens();
            quote!(::kerust::__private::layers::RandomContrast::factors(0.0, #factor))
        }
        Some([lower, upper]) => {
            let (lower, upper) = (lower.tokens(), upper.tokens());
            quote!(::kerust::__private::layers::RandomContrast::factors(#lower, #upper))
        }
        _ => quote!([1.0, 1.0]),
    };
    let values = value_range(arguments, diagnostics);
    drawn(before, quote!(::new(#input, #factors) #values))
}

/// A layer that changes images in training alone, by a number drawn for each.
fn drawn(before: &Before<'_>, config: TokenStream) -> Spec {
    Spec {
        rule: rule!(image(before.data)),
        role: Role::TrainingOnly,
        config,
        saved: Some(quote!(1)),
        ..Spec::default()
    }
}

/// The ends of a range. One number is a range to both sides, as in Keras.
fn range(arguments: &Arguments<'_>, name: &str) -> TokenStream {
    let still = || (Number::known(0.0), Number::known(0.0));
    let (lower, upper) = arguments.range(name).unwrap_or_else(still);
    let (lower, upper) = (lower.tokens(), upper.tokens());
    quote!([#lower, #upper])
}

/// How an image is read at other places.
fn reading(arguments: &Arguments<'_>) -> TokenStream {
    let [fill_mode, interpolation] =
        ["fill_mode", "interpolation"].map(|name| setting(arguments, name));
    let fill_value = numbers(arguments, &["fill_value"]);
    quote!(#fill_mode #interpolation #fill_value)
}

/// The least and the greatest value of a pixel.
fn value_range(arguments: &Arguments<'_>, diagnostics: &mut Diagnostics) -> TokenStream {
    let Some(values) = arguments.several("value_range") else {
        return TokenStream::new();
    };
    let [low, high] = values.as_slice() else {
        let found = arguments.tokens("value_range");
        diagnostics
            .fault(
                &found,
                format!("`value_range` is `{}`, expected two numbers", text(&found)),
            )
            .help("write the least and the greatest value of a pixel: `value_range = (0, 255)`");
        return TokenStream::new();
    };
    let (low, high) = (low.tokens(), high.tokens());
    quote!(.value_range([#low, #high]))
}
