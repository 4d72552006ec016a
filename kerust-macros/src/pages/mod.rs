//! The pages of `kerust::layers`, whose `# Arguments` are those of the catalogue: each name, in order, with its default.
//!
//! A page writes `` - `units`: ..`` for an argument that must be given, `` - `strides = 1`: ..`` for one with a default,
//! and `` - `max_value` (optional): ..`` for one without. Several may share a line: `` - `a = 0`, `b = 1`: ..``.

mod read;

use crate::arguments::{Kind, Parameter};
use crate::catalog::{BIDIRECTIONAL, INPUT, TIME_DISTRIBUTED, is_of_one, rows};
use crate::diagnostics::Diagnostics;
use crate::{expand, infer, parse};
use proc_macro2::TokenStream;
use read::{Argument, pages};
use std::fmt::{Debug, Write as _};
use std::path::Path;
use std::{env, fs};

/// The optional arguments whose default is no value: it follows from another size, or there is none.
const WITHOUT_DEFAULT: &[(&str, &str)] = &[
    ("ReLU", "max_value"),
    ("PReLU", "shared_axes"),
    ("Dropout", "noise_shape"),
    ("AlphaDropout", "noise_shape"),
    ("RandomZoom", "width_factor"),
    ("MaxPooling1D", "strides"),
    ("MaxPooling2D", "strides"),
    ("AveragePooling1D", "strides"),
    ("AveragePooling2D", "strides"),
    ("MultiHeadAttention", "output_shape"),
    ("MultiHeadAttention", "value_dim"),
    ("PositionEmbedding", "sequence_length"),
];

/// Each layer of the language, and its arguments: `units`, or `strides = ..` where the page has a default, or
/// `max_value (optional)`.
fn expected() -> Vec<(&'static str, Vec<String>)> {
    let of = |layer: &'static str, first: &[&str], parameters: &[Parameter]| {
        let first = first.iter().map(|name| (*name).to_owned());
        let named = parameters.iter().map(|it| {
            let has_none = matches!(
                it.kind,
                Kind::Regularizer | Kind::Constraint | Kind::Numbers(_)
            );
            match it.required {
                true => it.name.to_owned(),
                false if has_none || WITHOUT_DEFAULT.contains(&(layer, it.name)) => {
                    format!("{} (optional)", it.name)
                }
                false => format!("{} = ..", it.name),
            }
        });
        (layer, first.chain(named).collect())
    };
    let mut layers: Vec<_> = rows()
        .map(|row| of(row.name, &[], row.parameters))
        .collect();
    layers.push(of("Input", &[], INPUT));
    layers.push(of("Bidirectional", &["layer"], BIDIRECTIONAL));
    layers.push(of("TimeDistributed", &["layer"], TIME_DISTRIBUTED));
    layers.push((
        "Residual",
        vec!["chain".into(), "shortcut (optional)".into()],
    ));
    layers.push(("Repeat", vec!["n".into(), "chain".into()]));
    layers.extend(infer::MERGES.iter().map(|merge| match *merge {
        "Concatenate" => (*merge, vec!["axis = ..".into()]),
        merge => (merge, Vec::new()),
    }));
    layers
}

#[test]
fn each_page_has_the_arguments_of_its_layer_in_their_order() {
    let Some(pages) = pages() else { return };
    let layers = expected();
    let mut faults = String::new();
    for (layer, expected) in &layers {
        let Some(page) = pages.iter().find(|page| page.layer == *layer) else {
            let _ = writeln!(faults, "`{layer}` has no page");
            continue;
        };
        let found: Vec<String> = page.arguments.iter().map(Argument::shape).collect();
        if found != *expected {
            let _ = writeln!(
                faults,
                "`{layer}`: its page has {found:?}, expected {expected:?}"
            );
        }
        if !page.example {
            let _ = writeln!(faults, "`{layer}`: its page has no example in `model!`");
        }
    }
    let known = |layer: &str| layers.iter().any(|(known, _)| *known == layer);
    for page in pages.iter().filter(|page| !known(&page.layer)) {
        if !page.arguments.is_empty() {
            let _ = writeln!(
                faults,
                "`{}` has a page of arguments and no row",
                page.layer
            );
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

/// What a layer is configured with, where a default is left out and where it is given, is compiled from `defaults.in`
/// and compared. That file is made of the pages; `INSTA_UPDATE=always` writes it anew.
#[test]
fn each_default_on_a_page_is_that_of_its_layer() {
    let Some(pages) = pages() else { return };
    let (mut comparisons, mut faults) = (String::from("{\n"), String::new());
    for page in &pages {
        for (place, argument) in page.arguments.iter().enumerate() {
            if argument.default.is_none() {
                continue;
            }
            match compare(&page.layer, &page.arguments, place) {
                Ok(compared) => comparisons += &compared,
                Err(fault) => {
                    let default = argument.text();
                    let _ = writeln!(faults, "`{}`: `{default}`: {fault}", page.layer);
                }
            }
        }
    }
    comparisons += "}\n";
    assert!(faults.is_empty(), "{faults}");

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pages/defaults.in");
    if env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(&file, &comparisons).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == comparisons,
        "the pages have other defaults than `defaults.in`; run this test twice, first with `INSTA_UPDATE=always`"
    );
}

#[test]
fn configurations_with_their_defaults_given_are_those_without() {
    fn same(layer: &str, default: &str, found: &dyn Debug, expected: &dyn Debug) {
        let [found, expected] = [found, expected].map(|it| format!("{it:?}"));
        assert_eq!(
            found, expected,
            "`{layer}` by default, and with `{default}`"
        );
    }
    /// The type of a configuration, what the macro makes of it with the default, and without.
    macro_rules! same {
        ($layer:literal, $default:literal, $type:ty, $given:expr, $left_out:expr) => {{
            const GIVEN: $type = $given;
            const LEFT_OUT: $type = $left_out;
            same($layer, $default, &GIVEN, &LEFT_OUT);
        }};
    }
    include!("defaults.in")
}

/// Compares the model in which all defaults of a layer are written with the one where that of number `place` is left
/// out. Where only the value of a configuration differs, gives the line that compares both when it is compiled.
fn compare(layer: &str, arguments: &[Argument], place: usize) -> Result<String, String> {
    let given: Vec<&Argument> = arguments.iter().filter(|it| it.default.is_some()).collect();
    let without: Vec<&Argument> = given
        .iter()
        .filter(|it| it.name != arguments[place].name)
        .copied()
        .collect();
    let Some((left_out, text)) = models(layer, &without).find_map(|model| {
        let text = expanded(&model).ok()?;
        Some((model, text))
    }) else {
        return Err("no model was found that takes the layer".into());
    };
    // The same input as the one that fits.
    let fitting = models(layer, &without).position(|model| model == left_out);
    let with = fitting.and_then(|number| models(layer, &given).nth(number));
    let with = with.unwrap_or_default();
    let mut with_text = expanded(&with)?;
    let [plan, with_plan] = [planned(&left_out)?, planned(&with)?];
    for (layer, other) in plan.layers.iter().zip(&with_plan.layers) {
        with_text = with_text.replace(&other.declared, &layer.declared);
    }
    let mut comparison = String::new();
    for (node, other) in plan.nodes.iter().zip(&with_plan.nodes) {
        let [value, given] = [node, other].map(|node| node.operation.1.to_string());
        if value != given {
            with_text = with_text.replace(&given, &value);
            let local = |tokens: String| tokens.replace(":: kerust :: __private", "kerust_core");
            let (path, default) = (node.operation.0.to_string(), arguments[place].text());
            let (path, given, value) = (local(path), local(given), local(value));
            let _ = writeln!(
                comparison,
                "    same!({layer:?}, {default:?}, {path}, {given}, {value});"
            );
        }
    }
    match with_text == text {
        true => Ok(comparison),
        false => Err("the layer is another one where the default is left out".into()),
    }
}

/// Models with the layer and these of its arguments, behind inputs of which one may fit.
fn models(layer: &str, given: &[&Argument]) -> impl Iterator<Item = String> {
    let row = rows().find(|row| row.name == layer);
    let required = row.into_iter().flat_map(|row| row.parameters);
    let required = required.filter(|it| it.required).map(|it| {
        let sample = match it.kind {
            Kind::Count => "4",
            Kind::Pair => "3x3",
            Kind::PairOfAxes => "-1",
            kind => crate::arguments::sample(kind),
        };
        format!("{} = {sample}", it.name)
    });
    let mut arguments: Vec<String> = required.collect();
    arguments.extend(given.iter().map(|it| it.text()));
    let joins = infer::MERGES.contains(&layer) || !is_of_one(layer);
    let first = match layer {
        "Bidirectional" => vec!["GRU(4)"],
        "Input" => vec!["4"],
        _ if joins => vec!["a", "b"],
        _ => Vec::new(),
    };
    let first = first.into_iter().map(str::to_owned);
    let arguments = first.chain(arguments).collect::<Vec<_>>().join(", ");
    let layer = layer.to_owned();
    // The last one is for `GroupNormalization`, which has 32 groups by default.
    let inputs = ["8, 8, 4", "8, 4", "4", "8, dtype = token", "8, 32"];
    let plain = inputs.map(|input| (input, ""));
    // A mask has to be read.
    let masked = [("8, 4", " => GlobalAveragePooling1D")];
    let ends = plain.into_iter().chain(masked);
    ends.map(move |(input, end)| match layer.as_str() {
        "Input" => format!("Net: Input({arguments}) => Dense(3)"),
        _ if joins => format!(
            "Net {{ let a = Input({input}); let b = Input({input}); {layer}({arguments}) }}"
        ),
        _ => format!("Net: Input({input}) => {layer}({arguments}){end}"),
    })
}

fn planned(model: &str) -> Result<crate::plan::Plan, String> {
    let tokens: TokenStream = model
        .parse()
        .map_err(|_| format!("`{model}` is no tokens"))?;
    let mut diagnostics = Diagnostics::default();
    let model = parse::model(tokens, &mut diagnostics);
    let plan = model.map(|model| infer::plan(&model, &mut diagnostics));
    match (diagnostics.into_error(), plan) {
        (None, Some(plan)) => Ok(plan),
        (Some(error), _) => Err(error.to_string()),
        (None, None) => Err("nothing was parsed".into()),
    }
}

fn expanded(model: &str) -> Result<String, String> {
    planned(model)?;
    let tokens: TokenStream = model
        .parse()
        .map_err(|_| format!("`{model}` is no tokens"))?;
    Ok(expand::model(tokens).to_string())
}
