//! Tests with random graphs, from their source code to their results.

mod kernel;
mod memory;
mod recipe;
mod run;

use crate::diagnostics::Diagnostics;
use crate::plan::Plan;
use crate::schedule;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use recipe::recipe;
use run::{Net, waves};

fn plan(text: &str) -> Plan {
    let mut diagnostics = Diagnostics::default();
    let tokens = text.parse().expect("tokens");
    let model = crate::parse::model(tokens, &mut diagnostics).expect("a model");
    let plan = crate::infer::plan(&model, &mut diagnostics);
    if let Some(error) = diagnostics.into_error() {
        panic!("{text}\n{error}");
    }
    plan
}

/// The same graphs in each run.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(7),
        ..ProptestConfig::default()
    }
}

fn bits(values: &[Vec<f32>]) -> Vec<u32> {
    values
        .iter()
        .flatten()
        .map(|value| value.to_bits())
        .collect()
}

fn upstream(net: &Net<'_>) -> Vec<Vec<f32>> {
    let heads = net.plan.heads.iter().enumerate();
    heads
        .map(|(number, head)| waves(net.batch * net.len(head.from), 1.9 + number as f32))
        .collect()
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn buffers_that_are_used_again_change_no_bit(recipe in recipe()) {
        let text = recipe.text(1);
        let plan = plan(&text);
        let net = Net::new(&plan, 2);
        let found = net.inference(&schedule::inference(&plan));
        prop_assert!(found.iter().flatten().all(|value| !value.is_nan()), "{}", text);
        prop_assert_eq!(bits(&found), bits(&net.plain()), "{}", text);
    }

    #[test]
    fn gradients_are_those_of_finite_differences(recipe in recipe()) {
        let text = recipe.text(1);
        let plan = plan(&text);
        let mut net = Net::new(&plan, 3);
        prop_assume!(!net.near_a_kink());
        let schedule = schedule::training(&plan);
        let upstream = upstream(&net);
        let found = net.training(&schedule, &upstream).1;
        let loss = |net: &Net<'_>| -> f64 {
            let logits = net.logits(&schedule);
            let terms = logits.iter().flatten().zip(upstream.iter().flatten());
            terms.map(|(y, dy)| f64::from(*y) * f64::from(*dy)).sum()
        };
        for number in 0..plan.nodes.len() {
            let node = &plan.nodes[number];
            if node.of.is_some() {
                continue;
            }
            let field = node.field().to_string();
            for place in 0..net.kernels[number].weights()[1] {
                let found = found.weights[&field][place];
                let gap = gap(&mut net, found, &loss, &|net| {
                    &mut net.weights.get_mut(&field).unwrap()[place]
                });
                prop_assert!(gap < 1e-2, "{text}: {field} at {place}: {found}, off by {gap}");
            }
        }
        for (place, found) in found.input.iter().enumerate() {
            let gap = gap(&mut net, *found, &loss, &|net| &mut net.inputs[0][place]);
            prop_assert!(gap < 1e-2, "{text}: input at {place}: {found}, off by {gap}");
        }
    }
}

/// The relative difference between a gradient and central differences, for the best of several step sizes:
/// rounding of `f32` affects a small step, and curvature a large one.
fn gap(
    net: &mut Net<'_>,
    found: f32,
    loss: &dyn Fn(&Net<'_>) -> f64,
    value: &dyn for<'n> Fn(&'n mut Net<'_>) -> &'n mut f32,
) -> f64 {
    let before = *value(net);
    let mut best = f64::INFINITY;
    for step in [1e-2, 1e-3, 4e-2] {
        *value(net) = before + step;
        let above = loss(net);
        *value(net) = before - step;
        let below = loss(net);
        *value(net) = before;
        let expected = (above - below) / (2.0 * f64::from(step));
        let gap = (f64::from(found) - expected).abs() / (1.0 + expected.abs());
        if gap.is_nan() {
            return gap;
        }
        best = best.min(gap);
        if best < 1e-2 {
            break;
        }
    }
    best
}

proptest! {
    #![proptest_config(config(10))]

    #[test]
    fn threads_change_no_bit(recipe in recipe()) {
        // Sizes for which the kernels divide their work over threads.
        let text = recipe.text(32);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            // Tokens cannot leave their thread, so everything runs in the pool.
            pool.expect("a pool of threads").install(|| {
                let plan = plan(&text);
                let net = Net::new(&plan, 256);
                let mut found = net.inference(&schedule::inference(&plan));
                let training = schedule::training(&plan);
                let (logits, gradients) = net.training(&training, &upstream(&net));
                found.extend(logits);
                found.push(gradients.input);
                let fields = plan.nodes.iter().map(|node| node.field().to_string());
                found.extend(fields.map(|field| gradients.weights[&field].clone()));
                bits(&found)
            })
        };
        let one = run(1);
        prop_assert!(one == run(2), "{}", text);
        prop_assert!(one == run(3), "{}", text);
    }
}
