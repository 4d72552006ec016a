//! `Normalization`: its axis and its given numbers.

use super::axes::{Count, places};
use super::values::of_features;
use super::{Before, Spec};
use crate::arguments::Arguments;
use crate::diagnostics::Diagnostics;
use crate::plan::Form;
use crate::value::{Number, Size, Term};
use quote::quote;

pub fn normalization(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    diagnostics: &mut Diagnostics,
) -> Spec {
    let sizes = match &before.data.form {
        Form::Sizes(sizes) => Some(sizes.as_slice()),
        _ => None,
    };
    let place = place_of_axis(arguments, before, diagnostics);
    // The number of consecutive values that belong to one index of the axis.
    let run = match (sizes, place) {
        (_, None) => quote!(1),
        (Some(sizes), Some(place)) => {
            let sizes = &sizes[place + 1..];
            match sizes
                .iter()
                .try_fold(1usize, |run, size| run.checked_mul(size.known?))
            {
                Some(run) => Size::known(run).tokens(),
                None => quote!(1 #(* (#sizes))*),
            }
        }
        (None, Some(_)) => unreachable!("a place among sizes"),
    };
    let features = match (sizes, place) {
        (Some(sizes), Some(place)) => sizes[place].clone(),
        _ => before.data.last_size(before.nameable),
    };
    let invert = arguments
        .flag("invert", false)
        .then(|| quote!(.invert(true)));
    let given = given(arguments, &features, diagnostics);
    let (config, weights) = match given {
        Some([mean, variance]) => {
            // A single number is for all values of a sample, whatever the axis.
            let run = match mean.len() {
                1 => before.data.len(),
                _ => run,
            };
            let [mean, variance] = [mean, variance].map(|numbers| {
                let numbers = numbers.iter().map(Term::tokens);
                quote!(&[#(#numbers),*])
            });
            (quote!(::given(#run, #mean, #variance) #invert), None)
        }
        None => (
            quote!(::new(#run) #invert),
            Some(of_features("NormalizationWeights", &features, 2)),
        ),
    };
    Spec {
        config,
        state: weights.is_some(),
        untrained: weights.is_some(),
        weights,
        in_place: true,
        forgets_output: true,
        ..Spec::default()
    }
}

/// The index of `axis` among the sizes of a sample; the last one by default. As in Keras, axis 0 is the
/// batch.
fn place_of_axis(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<usize> {
    if arguments.is_given("axis") {
        let places = places(arguments, "axis", before, Count::BothWays, diagnostics)?;
        return places.first().copied();
    }
    match &before.data.form {
        Form::Sizes(sizes) => sizes.len().checked_sub(1),
        _ => None,
    }
}

/// The means and the variances, if they are given.
fn given(
    arguments: &Arguments<'_>,
    features: &Size,
    diagnostics: &mut Diagnostics,
) -> Option<[Vec<Number>; 2]> {
    let names = ["mean", "variance"];
    if names.iter().any(|name| arguments.was_refused(name)) {
        return None;
    }
    match names.map(|name| arguments.several(name)) {
        [Some(mean), Some(variance)] => {
            let expected = features
                .known
                .filter(|features| mean.len() > 1 && mean.len() != *features);
            if mean.len() != variance.len() {
                let found = arguments.tokens("variance");
                let (means, variances) = (mean.len(), variance.len());
                diagnostics
                    .fault(
                        &found,
                        format!("found {variances} for `variance`, expected {means} as for `mean`"),
                    )
                    .help("give as many variances as means");
                return None;
            }
            if let Some(expected) = expected {
                let found = arguments.tokens("mean");
                diagnostics
                    .fault(
                        &found,
                        format!("found {} for `mean`, expected 1 or {expected}", mean.len()),
                    )
                    .help(format!(
                        "give one for all, or one for each of the {expected} places of the axis"
                    ));
                return None;
            }
            Some([mean, variance])
        }
        [None, None] => None,
        both => {
            let missing = usize::from(both[0].is_some());
            let (found, missing) = (names[1 - missing], names[missing]);
            diagnostics
                .fault(
                    arguments.tokens(found),
                    format!("`Normalization` has a `{found}`, but no `{missing}`"),
                )
                .help("give both, or neither and call `model.adapt(&data)`");
            None
        }
    }
}
