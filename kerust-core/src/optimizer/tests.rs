//! Steps of each optimizer on two tensors compared with Keras 3.15, and tests of the shared code.

use super::*;
use crate::element::Dtype;
use crate::layer::{Layout, Part};

const fn part(name: &'static str, trainable: bool, sizes: &'static [usize]) -> Part {
    Part {
        offset: 0,
        name,
        trainable,
        layout: Layout::Tensor(Dtype::F32, sizes),
    }
}

/// State lies between the two trainable tensors.
const LAYOUT: Layout = Layout::Parts(&[
    part("a", true, &[2]),
    part("state", false, &[1]),
    part("b", true, &[1]),
]);

#[track_caller]
fn check(optimizer: impl Optimizer, expected: [f32; 3]) {
    let mut weights = [1.0, -2.0, 7.0, 0.5];
    let mut applied = Applied::new(&optimizer, &LAYOUT, &[]);
    for [a, b, c] in [[0.1, -0.2, 0.3], [0.4, 0.0, -0.5], [-0.1, 2.0, 0.25]] {
        let mut gradient = [a, b, 100.0, c];
        applied.step(&optimizer, &mut weights, &mut gradient);
        assert_eq!(gradient[2], 100.0, "state in a gradient is no gradient");
    }
    assert_eq!(weights[2], 7.0, "state does not learn");
    let found = [weights[0], weights[1], weights[3]];
    for (found, expected) in found.into_iter().zip(expected) {
        assert!(
            (found - expected).abs() < 1e-6,
            "found {found}, expected {expected}"
        );
    }
}

#[test]
fn sgd_is_that_of_keras() {
    let sgd = || SGD::new(0.1);
    check(sgd(), [0.96, -2.18, 0.49499997]);
    check(sgd().momentum(0.9), [0.9069, -2.1458, 0.4887]);
    let nesterov = sgd().momentum(0.9).nesterov(true);
    check(nesterov, [0.87621, -2.3112202, 0.48483002]);
}

#[test]
fn rmsprop_is_that_of_keras() {
    let rmsprop = || RMSprop::new(0.1);
    check(rmsprop(), [0.4546396, -1.9987309, 0.32691017]);
    let momentum = rmsprop().momentum(0.5);
    check(momentum, [0.06363496, -1.7615631, 0.22715287]);
    let centered = rmsprop().rho(0.8).epsilon(0.01).centered(true);
    check(centered, [0.74439645, -2.0872686, 0.40274507]);
    let both = rmsprop().momentum(0.5).centered(true);
    check(both, [-6.8068504e-05, -1.745714, 0.200519]);
}

#[test]
fn adam_is_that_of_keras() {
    check(Adam::new(0.1), [0.7601983, -1.891414, 0.42502534]);
    let all = Adam::new(0.1).beta_1(0.8).beta_2(0.7).epsilon(0.01);
    check(all, [0.7880006, -1.902036, 0.43369526]);
    let amsgrad = Adam::new(0.1).beta_2(0.5).amsgrad(true);
    check(amsgrad, [0.781263, -1.8867905, 0.42343205]);
}

#[test]
fn adamw_is_that_of_keras() {
    check(AdamW::new(0.1), [0.7591142, -1.8891218, 0.42449385]);
    let decay = AdamW::new(0.1).weight_decay(0.2);
    check(decay, [0.7071189, -1.779098, 0.39899418]);
}

#[test]
fn clipping_and_decay_are_those_of_keras() {
    let sgd = || SGD::new(0.1);
    check(sgd().weight_decay(0.1), [0.93089795, -2.120996, 0.48024645]);
    check(sgd().clipnorm(0.5), [0.9524969, -2.0299377, 0.49499997]);
    let global = sgd().global_clipnorm(0.5);
    check(global, [0.9612429, -2.029553, 0.50284934]);
    check(sgd().clipvalue(0.25), [0.975, -2.005, 0.475]);
    check(sgd().clipnorm(0.0), [0.96, -2.18, 0.49499997]);
}

/// Fifty steps on a tensor of 3 values and one of 4, from `tests/golden/generate_optimizers.py`.
#[track_caller]
fn check_50(name: &str, optimizer: impl Optimizer) {
    const LAYOUT: Layout = Layout::Parts(&[part("a", true, &[3]), part("b", true, &[4])]);
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/golden/optimizers.json")).unwrap();
    let numbers = |value: &serde_json::Value| -> Vec<f32> {
        let values = value.as_array().expect("a list").iter();
        values
            .map(|it| it.as_f64().expect("a number") as f32)
            .collect()
    };
    let mut weights = numbers(&file["start"]);
    let mut applied = Applied::new(&optimizer, &LAYOUT, &[]);
    let mut compared = 0;
    for (step, gradient) in file["gradients"].as_array().unwrap().iter().enumerate() {
        applied.step(&optimizer, &mut weights, &mut numbers(gradient));
        let after = &file["after"][name][(step + 1).to_string()];
        if !after.is_null() {
            for (found, expected) in weights.iter().zip(numbers(after)) {
                assert!(
                    (found - expected).abs() <= 2e-6 * (1.0 + expected.abs()),
                    "{name}, step {}: found {found}, expected {expected}",
                    step + 1
                );
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 3, "{name} is not in the file");
}

#[test]
fn fifty_steps_are_those_of_keras() {
    check_50("sgd", SGD::new(0.05));
    check_50("sgd_momentum", SGD::new(0.05).momentum(0.9));
    check_50("sgd_nesterov", SGD::new(0.05).momentum(0.9).nesterov(true));
    check_50("rmsprop", RMSprop::new(0.01));
    let centered = RMSprop::new(0.01).rho(0.8).momentum(0.5).centered(true);
    check_50("rmsprop_centered", centered);
    check_50("adam", Adam::new(0.01));
    let amsgrad = Adam::new(0.01)
        .beta_1(0.8)
        .beta_2(0.9)
        .epsilon(1e-3)
        .amsgrad(true);
    check_50("adam_amsgrad", amsgrad);
    check_50("adamw", AdamW::new(0.01));
    check_50("adagrad", Adagrad::new(0.05));
    let adagrad = Adagrad::new(0.05)
        .initial_accumulator_value(0.5)
        .epsilon(1e-2);
    check_50("adagrad_options", adagrad);
    check_50("adadelta", Adadelta::new(1.0));
    check_50(
        "adadelta_options",
        Adadelta::new(0.5).rho(0.8).epsilon(1e-3),
    );
    check_50("adamax", Adamax::new(0.01));
    let adamax = Adamax::new(0.01).beta_1(0.7).beta_2(0.9).epsilon(1e-2);
    check_50("adamax_options", adamax);
    check_50("nadam", Nadam::new(0.01));
    let nadam = Nadam::new(0.01).beta_1(0.7).beta_2(0.9).epsilon(1e-2);
    check_50("nadam_options", nadam);
    check_50("ftrl", Ftrl::new(0.05));
    let ftrl = Ftrl::new(0.05)
        .learning_rate_power(-0.7)
        .initial_accumulator_value(0.2)
        .l1_regularization_strength(0.1)
        .l2_regularization_strength(0.05)
        .l2_shrinkage_regularization_strength(0.01)
        .beta(0.2);
    check_50("ftrl_options", ftrl);
    check_50("lion", Lion::new(0.01));
    check_50("lion_options", Lion::new(0.01).beta_1(0.7).beta_2(0.8));
    check_50("clipnorm", SGD::new(0.05).clipnorm(0.5));
    check_50("global_clipnorm", SGD::new(0.05).global_clipnorm(0.5));
    check_50("clipvalue", SGD::new(0.05).clipvalue(0.25));
    check_50("weight_decay", SGD::new(0.05).weight_decay(0.1));
}

/// Fifty steps on tensors of one to three axes, and the averages of the weights if they are enabled.
#[track_caller]
fn check_shaped(name: &str, optimizer: impl Optimizer, tolerance: f32) {
    const FIRST: Layout = Layout::Parts(&[part("kernel", true, &[3, 4]), part("bias", true, &[5])]);
    const HEAD: Layout = Layout::Parts(&[part("kernel", true, &[6, 2])]);
    const CONV: Layout = Layout::Parts(&[part("kernel", true, &[2, 3, 2])]);
    const fn layer(name: &'static str, layout: Layout) -> Part {
        Part {
            offset: 0,
            name,
            trainable: true,
            layout,
        }
    }
    const LAYOUT: Layout = Layout::Parts(&[
        layer("first", FIRST),
        layer("head", HEAD),
        layer("conv", CONV),
    ]);
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/golden/optimizers.json")).unwrap();
    let file = &file["shaped"];
    let numbers = |value: &serde_json::Value| -> Vec<f32> {
        let values = value.as_array().expect("a list").iter();
        values
            .map(|it| it.as_f64().expect("a number") as f32)
            .collect()
    };
    let mut weights = numbers(&file["start"]);
    let mut applied = Applied::new(&optimizer, &LAYOUT, &[]);
    let mut compared = 0;
    for (step, gradient) in file["gradients"].as_array().unwrap().iter().enumerate() {
        applied.step(&optimizer, &mut weights, &mut numbers(gradient));
        let after = &file["after"][name][(step + 1).to_string()];
        if after.is_null() {
            continue;
        }
        let mut found = weights.clone();
        if applied.has_averages() {
            let mut averages = weights.clone();
            applied.swap(&mut averages);
            found.extend(&averages);
            applied.swap(&mut averages);
            assert_eq!(averages, weights, "swapped back");
        }
        let after = numbers(after);
        assert_eq!(found.len(), after.len(), "{name}");
        for (found, expected) in found.iter().zip(after) {
            assert!(
                (found - expected).abs() <= tolerance * (1.0 + expected.abs()),
                "{name}, step {}: found {found}, expected {expected}",
                step + 1
            );
        }
        compared += 1;
    }
    assert_eq!(compared, 3, "{name} is not in the file");
}

#[test]
fn optimizers_of_whole_tensors_are_those_of_keras() {
    check_shaped("adafactor", Adafactor::new(0.05), 2e-6);
    let adafactor = Adafactor::new(0.5)
        .beta_2_decay(-0.6)
        .epsilon_1(1e-8)
        .epsilon_2(0.01)
        .clip_threshold(0.5)
        .relative_step(false);
    check_shaped("adafactor_options", adafactor, 4e-6);
    check_shaped("lamb", Lamb::new(0.01), 2e-6);
    let lamb = Lamb::new(0.02)
        .beta_1(0.8)
        .beta_2(0.9)
        .epsilon(1e-3)
        .weight_decay(0.1)
        .exclude_from_weight_decay(["bias"]);
    check_shaped("lamb_options", lamb, 2e-6);
    check_shaped("muon", Muon::new(0.02), 1e-5);
    let muon = Muon::new(0.02)
        .exclude_layers(["head"])
        .nesterov(false)
        .ns_steps(2)
        .momentum(0.8)
        .rms_rate(None)
        .weight_decay(0.1)
        .adam_weight_decay(0.2)
        .adam_lr_ratio(0.5)
        .adam_beta_1(0.8)
        .adam_beta_2(0.9);
    check_shaped("muon_options", muon, 1e-5);
}

#[test]
fn averages_accumulation_and_exclusion_are_those_of_keras() {
    let adamw = AdamW::new(0.01).weight_decay(0.3);
    let adamw = adamw.exclude_from_weight_decay(["bias"]);
    check_shaped("adamw_excluded", adamw, 2e-6);
    let ema = Adam::new(0.02).use_ema(true).ema_momentum(0.9);
    check_shaped("ema", ema, 2e-6);
    let ema = SGD::new(0.02)
        .use_ema(true)
        .ema_momentum(0.8)
        .ema_overwrite_frequency(3);
    check_shaped("ema_overwrite", ema, 2e-6);
    let accumulation = Adam::new(0.02).gradient_accumulation_steps(4);
    check_shaped("accumulation", accumulation, 2e-6);
    let accumulation = SGD::new(0.05)
        .momentum(0.9)
        .gradient_accumulation_steps(3)
        .global_clipnorm(0.5)
        .weight_decay(0.1)
        .use_ema(true);
    check_shaped("accumulation_options", accumulation, 2e-6);
}

#[test]
fn a_slot_is_as_long_as_the_rule_needs() {
    const LAYOUT: Layout = Layout::Parts(&[part("a", true, &[7, 5]), part("b", true, &[3])]);
    let lens = |optimizer: &dyn Optimizer| -> Vec<usize> {
        let applied = Applied::new(optimizer, &LAYOUT, &[]);
        applied.slots.iter().map(|slot| slot.values.len()).collect()
    };
    assert_eq!(lens(&Adafactor::new(0.1)), [7 + 3, 5]);
    assert_eq!(lens(&Muon::new(0.1)), [35 + 3, 3]);
    let kept = Lamb::new(0.1).use_ema(true).gradient_accumulation_steps(2);
    assert_eq!(lens(&kept), [38; 4]);
}

#[test]
fn a_step_has_the_same_bits_on_any_number_of_threads() {
    const LEN: usize = 100_003;
    const LARGE: Layout = Layout::Parts(&[part("a", true, &[LEN])]);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let optimizer = Adam::new(0.01).global_clipnorm(1.0).weight_decay(0.1);
        let mut applied = Applied::new(&optimizer, &LARGE, &[]);
        let mut weights = vec![1.0; LEN];
        pool.build().unwrap().install(|| {
            for step in 0..3 {
                let value = |place: usize| ((place * 31 + step) % 97) as f32 - 48.0;
                let mut gradient: Vec<f32> = (0..LEN).map(value).collect();
                applied.step(&optimizer, &mut weights, &mut gradient);
            }
        });
        weights
    };
    let one = run(1);
    assert!(one == run(2) && one == run(3));
}
