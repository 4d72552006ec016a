//! The layers that normalize by moments of what they see: one row each.

use super::axes::{Count, places};
use super::rows::{constraint, initializer, optional, regularizer};
use super::values::{numbers, of_features};
use super::{After, Before, Masking, Row, Rule, Spec, Weights, initializers, product, sum};
use crate::arguments::{Arguments, Kind, Parameter};
use crate::diagnostics::Diagnostics;
use crate::plan::{Form, Fusion};
use crate::value::{Size, Term, text};
use kerust_core::shape::Bounds;
use proc_macro2::TokenStream;
use quote::quote;

const EPSILON: Parameter = optional("epsilon", Kind::Number(Bounds::NotNegative));
const CENTER: Parameter = optional("center", Kind::Flag);
const SCALE: Parameter = optional("scale", Kind::Flag);
const AXES: Parameter = optional("axis", Kind::Axes);

pub(super) static ROWS: &[Row] = &[
    Row {
        name: "BatchNormalization",
        parameters: &[
            optional("axis", Kind::Axis),
            optional("momentum", Kind::Number(Bounds::Share)),
            EPSILON,
            CENTER,
            SCALE,
            initializer("beta_initializer"),
            initializer("gamma_initializer"),
            initializer("moving_mean_initializer"),
            initializer("moving_variance_initializer"),
            regularizer("beta_regularizer"),
            regularizer("gamma_regularizer"),
            constraint("beta_constraint"),
            constraint("gamma_constraint"),
        ],
        infer: batch_normalization,
    },
    Row {
        name: "LayerNormalization",
        parameters: &[
            AXES,
            EPSILON,
            CENTER,
            SCALE,
            initializer("beta_initializer"),
            initializer("gamma_initializer"),
            regularizer("beta_regularizer"),
            regularizer("gamma_regularizer"),
            constraint("beta_constraint"),
            constraint("gamma_constraint"),
        ],
        infer: layer_normalization,
    },
    Row {
        name: "GroupNormalization",
        parameters: &[
            optional("groups", Kind::CountOrAll),
            AXES,
            EPSILON,
            CENTER,
            SCALE,
            initializer("beta_initializer"),
            initializer("gamma_initializer"),
            regularizer("beta_regularizer"),
            regularizer("gamma_regularizer"),
            constraint("beta_constraint"),
            constraint("gamma_constraint"),
        ],
        infer: group_normalization,
    },
    Row {
        name: "RMSNormalization",
        parameters: &[AXES, EPSILON],
        infer: rms_normalization,
    },
    Row {
        name: "UnitNormalization",
        parameters: &[AXES],
        infer: unit_normalization,
    },
];

fn batch_normalization(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    diagnostics: &mut Diagnostics,
) -> Spec {
    let rank = before.data.rank();
    let axis = arguments.axis("axis");
    let is_last = |axis: i128| axis == -1 || rank.is_some_and(|rank| axis + 1 == rank as i128);
    if axis.is_some_and(|axis| !is_last(axis)) {
        let found = arguments.tokens("axis");
        diagnostics
            .fault(
                &found,
                format!(
                    "`BatchNormalization` along axis `{}`, expected the last axis",
                    text(&found)
                ),
            )
            .help("leave `axis` out, since channels come last; a momentum has its name: `momentum = 0.9`");
    }
    let features = before.data.last_size(before.nameable);
    let settings = numbers(arguments, &["momentum", "epsilon"]);
    let [scale, center] = ["scale", "center"].map(|name| arguments.flag(name, true));
    let initializers = initializers(arguments);
    let vectors = 2 + usize::from(scale) + usize::from(center);
    let mut weights = of_features("BatchNormalizationWeights", &features, vectors);
    if !(scale && center) {
        let or_none = |is: bool| if is { features.clone() } else { Size::known(0) };
        weights.sizes.extend([scale, center].map(or_none));
    }
    let is_masked = before.masked[0];
    let masked = is_masked.then(|| quote!(.masked()));
    Spec {
        // The moments are those of the steps that a mask leaves.
        masking: match rank {
            Some(2) => Masking::UsesAndKeeps,
            _ => Masking::Refuses,
        },
        arguments: if is_masked {
            quote!(<(f32, u8)>)
        } else {
            TokenStream::new()
        },
        config: quote!(::new(#features) #settings #initializers #masked),
        weights: Some(weights),
        saved: Some(match features.known {
            Some(features) => Size::known(2 * features).tokens(),
            None => quote!(2 * (#features)),
        }),
        state: true,
        in_place: !is_masked,
        forgets_output: true,
        takes_activation: true,
        fusion: if is_masked {
            Fusion::None
        } else {
            Fusion::Line
        },
        ..Spec::default()
    }
}

fn layer_normalization(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    diagnostics: &mut Diagnostics,
) -> Spec {
    let axes = Axes::of(arguments, before, diagnostics);
    let features = before.data.last_size(before.nameable);
    let settings = numbers(arguments, &["epsilon"]);
    let initializers = initializers(arguments);
    let mut flags = ["scale", "center"].iter();
    let has_both = flags.all(|name| arguments.flag(name, true));
    let along = match axes.is_last {
        true => TokenStream::new(),
        false => {
            let (shape, places) = (before.data.shape(), &axes.places);
            quote!(.axes(#shape, &[#(#places),*]))
        }
    };
    Spec {
        config: quote!(::new(#features) #settings #initializers #along),
        weights: Some(match axes.is_last && has_both {
            true => of_features("LayerNormalizationWeights", &features, 2),
            false => scale_and_shift(arguments, axes.sizes),
        }),
        ..along_axes(axes.is_last)
    }
}

fn group_normalization(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    diagnostics: &mut Diagnostics,
) -> Spec {
    let axes = Axes::of(arguments, before, diagnostics);
    let ([axis], [channels]) = (axes.places.as_slice(), axes.sizes.as_slice()) else {
        let found = arguments.tokens("axis");
        diagnostics
            .fault(
                &found,
                format!(
                    "`GroupNormalization` along {} axes, expected the one of the channels",
                    axes.places.len()
                ),
            )
            .help("write one axis: `axis = -1`");
        return along_axes(false);
    };
    let groups = match arguments.count_or_all("groups") {
        None if arguments.was_refused("groups") => channels.clone(),
        None => Size::known(32),
        Some(None) => channels.clone(),
        Some(Some(groups)) => groups,
    };
    let (shape, settings) = (before.data.shape(), numbers(arguments, &["epsilon"]));
    let initializers = initializers(arguments);
    let known = || {
        let (shape, groups) = (before.data.known()?, groups.known?);
        let axis = axes.known.as_ref()?.first()?;
        Some(kerust_core::shape::group_normalization(
            shape, *axis, groups,
        ))
    };
    Spec {
        rule: Some(Rule {
            known: known(),
            tokens: quote!(::kerust::__private::shape::group_normalization(#shape, #axis, #groups)),
        }),
        after: After::Same,
        config: quote!(::new(#shape, #axis, #groups) #settings #initializers),
        weights: Some(scale_and_shift(arguments, vec![channels.clone()])),
        ..along_axes(false)
    }
}

fn rms_normalization(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    diagnostics: &mut Diagnostics,
) -> Spec {
    let axes = Axes::of(arguments, before, diagnostics);
    let rank = before.data.rank().unwrap_or(1);
    let mut places = axes.known.iter().flatten().rev().zip((0..rank).rev());
    if !places.all(|(axis, last)| *axis == last) {
        let found = arguments.tokens("axis");
        diagnostics
            .fault(
                &found,
                format!(
                    "`RMSNormalization` along axis `{}`, expected the last axes",
                    text(&found)
                ),
            )
            .note("its scale stands along the last axes")
            .help("leave `axis` out, or write the last axes: `axis = (-2, -1)`");
    }
    let (shape, settings) = (before.data.shape(), numbers(arguments, &["epsilon"]));
    let places = &axes.places;
    Spec {
        config: quote!(::new(#shape, &[#(#places),*]) #settings),
        weights: Some(Weights {
            name: "RMSNormalizationWeights",
            params: product(&axes.sizes),
            arrays: vec![axes.sizes],
            ..Weights::default()
        }),
        ..along_axes(axes.is_last)
    }
}

fn unit_normalization(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    diagnostics: &mut Diagnostics,
) -> Spec {
    let axes = Axes::of(arguments, before, diagnostics);
    let (shape, places) = (before.data.shape(), &axes.places);
    Spec {
        config: quote!(::new(#shape, &[#(#places),*])),
        ..along_axes(axes.is_last)
    }
}

/// What such a layer is; along other axes than the last it would mix steps.
fn along_axes(is_last: bool) -> Spec {
    Spec {
        masking: match is_last {
            true => Masking::Keeps,
            false => Masking::Refuses,
        },
        in_place: true,
        forgets_output: true,
        ..Spec::default()
    }
}

/// The axes that a layer works along; the last one unless they are given.
struct Axes {
    /// Counted from 0 without the batch, where they are known here.
    known: Option<Vec<usize>>,
    /// The same, as expressions.
    places: Vec<TokenStream>,
    sizes: Vec<Size>,
    /// Whether it is the last one alone.
    is_last: bool,
}

impl Axes {
    fn of(arguments: &Arguments<'_>, before: &Before<'_>, diagnostics: &mut Diagnostics) -> Self {
        let given = places(arguments, "axis", before, Count::BothWays, diagnostics);
        let Form::Sizes(sizes) = &before.data.form else {
            let shape = before.data.shape();
            return Self {
                known: None,
                places: vec![quote!(#shape.rank() - 1)],
                sizes: vec![before.data.last_size(before.nameable)],
                is_last: true,
            };
        };
        let last = sizes.len() - 1;
        let known = given.unwrap_or_else(|| vec![last]);
        let sizes = known.iter().map(|place| sizes[*place].clone());
        let places = known.iter().map(|place| Size::known(*place).tokens());
        Self {
            places: places.collect(),
            sizes: sizes.collect(),
            is_last: known == [last],
            known: Some(known),
        }
    }
}

/// A scale and a shift of these sizes, each where there is one.
fn scale_and_shift(arguments: &Arguments<'_>, sizes: Vec<Size>) -> Weights {
    let arrays = ["scale", "center"].map(|name| match arguments.flag(name, true) {
        true => sizes.clone(),
        false => vec![Size::known(0)],
    });
    Weights {
        name: "ScaleAndShift",
        params: sum(product(&arrays[0]), product(&arrays[1])),
        arrays: arrays.into(),
        ..Weights::default()
    }
}
