//! `fit` prints a hint if a model does not learn, and nothing otherwise.

use crate::support::thirds;
use kerust::model;
use kerust_core::data::{Binary, Class, Data, Dataset};
use kerust_core::loss::{BinaryCrossentropy, MeanSquaredError, SparseCategoricalCrossentropy};
use kerust_core::metric::Accuracy;
use kerust_core::model::Train;
use kerust_core::optimizer::{Adam, SGD};
use kerust_core::rng::Seed;
use kerust_core::tensor::{Rank1, Rank3, Tensor};
use kerust_core::train::{Compiled, Fit, Hint, HintKind, Workflow};
use rand::RngExt;

model! { Pixels: Input(8, 8, 1) => Flatten => Dense(32, relu) => Dense(24, softmax) }
model! { Table: Input(4) => Dense(8, relu) => Dense(3, softmax) }
model! { Deep: Input(4) => Repeat(14, Dense(4, sigmoid)) => Dense(3, softmax) }
model! { Number: Input(4) => Dense(16, relu) => Dense(16, relu) => Dense(1) }
model! { Large: Input(20) => Dense(256, relu) => Dense(3, softmax) }
model! { Yes: Input(4) => Dense(8, relu) => Dense(1, sigmoid) }

fn kinds<N: Train, Y: Data>(model: &Compiled<N, Y>) -> Vec<HintKind> {
    model.hints().iter().map(|hint| hint.kind).collect()
}

fn text<N: Train, Y: Data>(model: &Compiled<N, Y>, kind: HintKind) -> &str {
    let hint: Option<&Hint> = model.hints().iter().find(|hint| hint.kind == kind);
    hint.map_or_else(
        || panic!("no {kind:?} in {:?}", model.hints()),
        |hint| &hint.text,
    )
}

/// Images of 24 signs, 0 to 255.
fn images(count: usize, scale: f32) -> Dataset<Rank3<8, 8, 1>, Class<24>> {
    let mut rng = Seed(3).rng();
    let signs: Vec<[u8; 64]> = (0..24)
        .map(|_| std::array::from_fn(|_| rng.random()))
        .collect();
    Dataset::generate(count, |i| {
        let sign = &signs[i % 24];
        let noise = |value: u8, rng: &mut kerust_core::rng::Rng| {
            (f32::from(value) + rng.random_range(-20.0..20.0)).clamp(0.0, 255.0) * scale
        };
        let x = Tensor::from_fn(|[y, x, _]| noise(sign[8 * y + x], &mut rng));
        (x, Class::new(i % 24))
    })
}

/// Four numbers whose sum determines the class.
fn table(count: usize) -> Dataset<Rank1<4>, Class<3>> {
    thirds::<4>(count)
}

#[test]
fn the_first_training_of_a_course_says_what_it_lacks() {
    let mut model =
        Pixels::new(Seed(1)).compile(SGD::new(0.1), SparseCategoricalCrossentropy, Accuracy);
    let data = images(480, 1.0);
    model
        .fit(&data, Fit::epochs(8).validation_split(0.2).quiet())
        .unwrap();
    assert_eq!(
        text(&model, HintKind::UnscaledInputs),
        "inputs run from 0 to 255, and no layer scales them: write `Rescaling(1 / 255)` after `Input`"
    );
    let first = text(&model, HintKind::FirstLoss);
    assert!(
        first.contains("expected about 3.178, which is ln 24: inputs run from 0 to 255"),
        "{first}"
    );
    let stays = text(&model, HintKind::ConstantPrediction);
    assert!(
        stays.starts_with("the loss has stayed at 3.17")
            || stays.starts_with("the loss has stayed at 3.18"),
        "{stays}"
    );
    let dead = text(&model, HintKind::DeadUnits);
    assert!(dead.contains("of 32 units of `dense` output 0"), "{dead}");
    assert_eq!(model.history().len(), 8);
}

#[test]
fn a_training_that_learns_says_nothing() {
    let mut model =
        Pixels::new(Seed(1)).compile(Adam::new(0.005), SparseCategoricalCrossentropy, Accuracy);
    let (train, test) = images(960, 1.0 / 255.0).split(0.8);
    model
        .fit(&train, Fit::epochs(6).validation_data(&test).quiet())
        .unwrap();
    assert_eq!(model.hints(), []);
    let mut model =
        Table::new(Seed(1)).compile(Adam::new(0.01), SparseCategoricalCrossentropy, Accuracy);
    model
        .fit(&table(600), Fit::epochs(10).validation_split(0.2).quiet())
        .unwrap();
    assert_eq!(model.hints(), []);
}

#[test]
fn one_word_turns_hints_off_and_they_change_no_bit() {
    let run = |hints: bool| {
        let mut model =
            Pixels::new(Seed(1)).compile(Adam::new(0.02), SparseCategoricalCrossentropy, ());
        model
            .fit(&images(200, 1.0), Fit::epochs(3).hints(hints).quiet())
            .unwrap();
        (
            model.hints().len(),
            model
                .weights()
                .iter()
                .map(|w| w.to_bits())
                .collect::<Vec<_>>(),
        )
    };
    let [(some, with), (none, without)] = [run(true), run(false)];
    assert!(some > 0 && none == 0);
    assert!(with == without);
}

#[test]
fn hints_about_the_data_come_before_the_first_step() {
    let fit = |data: &Dataset<Rank1<4>, Class<3>>| {
        let mut model =
            Table::new(Seed(1)).compile(Adam::new(0.01), SparseCategoricalCrossentropy, ());
        model.fit(data, Fit::epochs(1).quiet()).unwrap();
        model
    };
    let model = fit(&table(100).map_labels(|_| Class::<3>::new(2)));
    let one = text(&model, HintKind::OneClass);
    assert!(
        one.starts_with("all 100 labels that were checked are class 2"),
        "{one}"
    );
    let constant = table(100).map_inputs(|x| Tensor::from([x[0], 7.0, x[2], 0.0]));
    let model = fit(&constant);
    let columns = text(&model, HintKind::ConstantColumns);
    assert!(
        columns.starts_with("values 1, 3 of the inputs (counted from 0) are the same"),
        "{columns}"
    );
    let large = table(100).map_inputs(|x| x.map(|value| 1000.0 * value));
    let model = fit(&large);
    let unscaled = text(&model, HintKind::UnscaledInputs);
    assert!(
        unscaled.contains("`Normalization` after `Input`, and `net.adapt(&train)?`"),
        "{unscaled}"
    );
}

#[test]
fn samples_and_classes_on_the_wrong_side_are_said() {
    let data = images(480, 1.0 / 255.0);
    let (train, test) = data.split(0.8);
    let leaking = train.concat(&test.take(5));
    let mut model =
        Pixels::new(Seed(1)).compile(Adam::new(0.005), SparseCategoricalCrossentropy, ());
    model
        .fit(&leaking, Fit::epochs(1).validation_data(&test).quiet())
        .unwrap();
    let shared = text(&model, HintKind::SharedSamples);
    assert!(
        shared.starts_with(
            "5 of 96 samples to validate on are in the training set too (numbers 0, 1, 2, 3, 4)"
        ),
        "{shared}"
    );
    // Sorted by class, as a folder gives them.
    let sorted = (0..3).map(|class| table(300).filter(|_, label| label.index() == class));
    let sorted = sorted.reduce(|all, part| all.concat(&part)).unwrap();
    let mut model = Table::new(Seed(1)).compile(Adam::new(0.01), SparseCategoricalCrossentropy, ());
    model
        .fit(&sorted, Fit::epochs(1).validation_split(0.3).quiet())
        .unwrap();
    let side = text(&model, HintKind::ClassOnOneSide);
    assert!(side.contains("`data.stratified_split(0.8)`"), "{side}");
}

#[test]
fn sick_gradients_and_updates_are_said() {
    let deep = table(300);
    let mut model = Deep::new(Seed(1)).compile(SGD::new(0.1), SparseCategoricalCrossentropy, ());
    model.fit(&deep, Fit::epochs(2).quiet()).unwrap();
    let vanishing = text(&model, HintKind::VanishingGradient);
    assert!(
        vanishing.contains("`dense`") && vanishing.contains("vanishes"),
        "{vanishing}"
    );

    let mut model = Table::new(Seed(1)).compile(SGD::new(1e-9), SparseCategoricalCrossentropy, ());
    model.fit(&table(600), Fit::epochs(2).quiet()).unwrap();
    let small = text(&model, HintKind::SmallUpdates);
    assert!(small.contains("ten times the learning rate"), "{small}");

    let mut model = Table::new(Seed(1)).compile(Adam::new(3.0), SparseCategoricalCrossentropy, ());
    model.fit(&table(600), Fit::epochs(6).quiet()).unwrap();
    assert!(
        kinds(&model).iter().any(|kind| {
            matches!(
                kind,
                HintKind::LargeUpdates | HintKind::DeadUnits | HintKind::ConstantPrediction
            )
        }),
        "{:?}",
        model.hints()
    );

    let numbers: Dataset<Rank1<4>, Rank1<1>> =
        table(600).map(|x, _| (*x, Tensor::from([1e7 * x[0]])));
    let mut model = Number::new(Seed(1)).compile(Adam::new(1e-5), MeanSquaredError, ());
    model.fit(&numbers, Fit::epochs(3).quiet()).unwrap();
    let exploding = text(&model, HintKind::ExplodingGradient);
    assert!(exploding.contains("scale inputs and labels"), "{exploding}");
}

#[test]
fn a_class_that_is_never_predicted_and_a_model_that_learns_by_heart_are_said() {
    let rare =
        table(2000).map_labels(|class| Class::<3>::new(if class.index() == 2 { 2 } else { 0 }));
    let mut rng = Seed(5).rng();
    let rare = rare.map_inputs(|_| Tensor::from_fn(|[_]| rng.random::<f32>()));
    let mut model =
        Table::new(Seed(1)).compile(Adam::new(0.001), SparseCategoricalCrossentropy, ());
    model.fit(&rare, Fit::epochs(4).quiet()).unwrap();
    let never = text(&model, HintKind::NeverPredicted);
    assert!(never.contains("balanced_class_weight"), "{never}");

    let noise: Dataset<Rank1<20>, Class<3>> = Dataset::generate(60, |_| {
        (
            Tensor::from_fn(|[_]| rng.random::<f32>()),
            Class::new(rng.random_range(0..3)),
        )
    });
    let mut model = Large::new(Seed(1)).compile(Adam::new(0.01), SparseCategoricalCrossentropy, ());
    model
        .fit(&noise, Fit::epochs(40).validation_split(0.5).quiet())
        .unwrap();
    let heart = text(&model, HintKind::Overfitting);
    assert!(
        heart.contains("EarlyStopping::monitor(\"val_loss\")"),
        "{heart}"
    );
}

#[test]
fn a_trial_leaves_no_trace() {
    let data = table(600);
    let weights = |trial: &dyn Fn(&mut Compiled<Table, Class<3>>)| {
        let mut model =
            Table::new(Seed(1)).compile(Adam::new(0.01), SparseCategoricalCrossentropy, Accuracy);
        model.fit(&data, Fit::epochs(1).quiet()).unwrap();
        trial(&mut model);
        assert_eq!(model.learning_rate(), 0.01);
        model.fit(&data, Fit::epochs(1).quiet()).unwrap();
        model
            .weights()
            .iter()
            .map(|weight| weight.to_bits())
            .collect::<Vec<_>>()
    };
    let plain = weights(&|_| {});
    let tried = weights(&|model| {
        let rates = model.find_learning_rate(&data).unwrap();
        let rate = rates.suggestion().unwrap();
        assert!((1e-3..1.0).contains(&rate), "{rates}");
        assert!(rates.rates().len() == rates.losses().len() && rates.rates().len() > 20);
        let check = model.overfit_check(&data).unwrap();
        assert!(
            check.learns() || check.losses()[299] < check.losses()[0],
            "{check}"
        );
        assert!(check.without_gradient().is_empty());
    });
    assert!(plain == tried);
}

#[test]
fn a_model_that_learns_nothing_is_known_by_one_batch() {
    let data: Dataset<Rank1<4>, Binary> =
        table(100).map(|_, class| (Tensor::<Rank1<4>>::zeros(), Binary::from(class.index() > 0)));
    let mut model = Yes::new(Seed(1)).compile(Adam::new(0.01), BinaryCrossentropy, ());
    let check = model.overfit_check(&data).unwrap();
    assert!(!check.learns());
    assert_eq!(check.without_gradient(), ["dense", "dense_1"]);
    assert!(
        check
            .to_string()
            .contains("no gradient reaches `dense`, `dense_1`"),
        "{check}"
    );
}

#[test]
fn doubtful_labels_are_found() {
    let wrong = [3, 77, 200];
    let mut number = 0;
    let data = images(1920, 1.0 / 255.0).map_labels(|class: Class<24>| {
        number += 1;
        match wrong.contains(&(number - 1)) {
            true => Class::<24>::new((class.index() + 1) % 24),
            false => class,
        }
    });
    let mut model =
        Pixels::new(Seed(1)).compile(Adam::new(0.005), SparseCategoricalCrossentropy, ());
    model.fit(&data, Fit::epochs(3).quiet()).unwrap();
    let suspects = model.suspect_labels(&data).unwrap();
    let mut found: Vec<usize> = suspects.iter().map(|one| one.sample).take(3).collect();
    found.sort_unstable();
    assert_eq!(found, wrong);
}
