//! Weights go to the layers that they have in Keras, whatever the names and the order of creation: every
//! model predicts the same as in Keras, or its file is rejected as ambiguous.

use super::{file, skipped};
use kerust::model;
use kerust_core::Result;
use kerust_core::model::{Arena, Model};
use kerust_core::tensor::{Rank1, Tensor};
use kerust_core::weights::keras;
use std::fs;
use std::path::{Path, PathBuf};

model! { pub Pair: Input(4) => Dense(4, relu) => Dense(4) }
model! { pub Normalized: Input(4) => Repeat(2, Dense(4) => BatchNormalization) }
model! { pub BaseTwice: Input(4) => Normalized => Dense(2) }
model! { pub BaseTwiceFlat: Input(4) => Repeat(2, Dense(4) => BatchNormalization) => Dense(2) }
model! { pub Creation: Input(4) => Dense(4, relu) => Dense(4, relu) => Dense(4) }
model! {
    pub Branches {
        let a = Input(4);
        let b = Input(4);
        let from_a = a => Dense(4, relu) => Dense(4, relu);
        let from_b = b => Dense(4, relu) => Dense(4, relu);
        Concatenate(from_a, from_b) => Dense(2)
    }
}
model! {
    pub Uneven {
        let x = Input(4);
        let long = x => Dense(4, relu) => Dense(4, relu) => Dense(4, relu);
        let short = x => Dense(4, relu);
        Concatenate(short, long) => Dense(2)
    }
}
model! {
    pub Activations {
        let x = Input(4);
        let a = x => Dense(4, relu) => Dense(4, relu);
        let b = x => Dense(4, relu);
        Concatenate(b, a) => Dense(2)
    }
}
model! { pub Shortcut: Input(4) => Residual(Dense(4, relu) => Dense(4), shortcut = Dense(4)) => Dense(2) }
model! {
    pub Convolutions:
        Input(4)
        => Reshape(2, 2, 1)
        => Repeat(2, Residual(
            Conv2D(3, 2x2, same) => BatchNormalization => ReLU => Conv2D(3, 2x2, same) => BatchNormalization,
            shortcut = Conv2D(3, 1x1) => BatchNormalization
        ) => ReLU)
        => GlobalAveragePooling2D
        => Dense(2)
}
model! { pub Two: Input(4) => Dense(4, relu) => Dense(4, relu) }
model! { pub Middle: Input(4) => Dense(4, relu) => Two => Dense(4, relu) }
model! { pub Deep: Input(4) => Dense(4, relu) => Middle => Dense(2) }
model! { pub DeepFlat: Input(4) => Repeat(5, Dense(4, relu)) => Dense(2) }
model! {
    pub Blocks {
        let x = Input(4);
        let a = x => Two(name = one) => Reshape(4);
        let b = x => Two(name = two);
        Concatenate(a, b) => Dense(2)
    }
}
model! { pub Base: Input(4) => Dense(4, relu) => BatchNormalization => Dense(4, relu) => Dense(4, relu) }
model! { pub Frozen: Input(4) => Base => Dense(2) }
model! { pub FrozenFlat: Input(4) => Dense(4, relu) => BatchNormalization => Dense(4, relu) => Dense(4, relu) => Dense(2) }
model! {
    pub Shared {
        let a = Input(4);
        let b = Input(4);
        let from_a = a => Dense(4, relu) => Dense(4, relu, name = both);
        let from_b = b => both => both;
        Concatenate(from_a, from_b) => Dense(2)
    }
}
model! {
    pub Chosen:
        Input(4)
        => Residual(Dense(4, relu, name = alpha) => Dense(4, name = beta), shortcut = Dense(4, name = gamma))
        => Dense(2)
}

const X: [f32; 4] = [-0.3, -0.05, 0.2, 0.45];

/// A model that predicts for [`X`], and for [`X`] reversed if it has a second input.
trait Predict: Model {
    fn outputs(&self) -> Vec<f32>;
}

fn tensor(values: [f32; 4]) -> Tensor<Rank1<4>> {
    let mut tensor = Tensor::zeroed();
    tensor.as_mut_slice().copy_from_slice(&values);
    tensor
}

macro_rules! predict {
    ($($name:ident($($input:expr),+)),+ $(,)?) => {$(
        impl Predict for $name {
            fn outputs(&self) -> Vec<f32> {
                let mut arena = Arena::new();
                self.predict_in($(&tensor($input),)+ &mut arena).as_slice().to_vec()
            }
        }
    )+};
}
const TURNED: [f32; 4] = [X[3], X[2], X[1], X[0]];
predict! {
    Pair(X), BaseTwice(X), BaseTwiceFlat(X), Creation(X), Branches(X, TURNED), Uneven(X), Activations(X), Shortcut(X), Convolutions(X), Deep(X), DeepFlat(X),
    Blocks(X), Frozen(X), FrozenFlat(X), Shared(X, TURNED), Chosen(X),
}

/// A file of a folder: `places/deep.h5`; those of `reported` resemble files from bug reports.
fn place(name: &str) -> PathBuf {
    match name.contains('/') {
        true => file(name),
        false => file("places").join(name),
    }
}

/// The outputs of a model with a file's weights, and Keras's.
fn outputs<M: Predict>(name: &str, ending: &str) -> (Result<Vec<f32>>, Vec<f32>) {
    let found = keras::load::<M>(place(&format!("{name}.{ending}"))).map(|model| model.outputs());
    let text = fs::read_to_string(place(&format!("{name}.txt"))).unwrap();
    let expected = text
        .split_whitespace()
        .map(|number| number.parse().unwrap());
    (found, expected.collect())
}

#[track_caller]
fn assert_close(found: &[f32], expected: &[f32], of: &str) {
    let is_close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
    let is_equal = found.len() == expected.len() && found.iter().zip(expected).all(is_close);
    assert!(is_equal, "{of}: found {found:?}, Keras {expected:?}");
}

#[track_caller]
fn equals_keras<M: Predict>(name: &str, endings: &[&str]) {
    for ending in endings {
        let (found, expected) = outputs::<M>(name, ending);
        match found {
            Ok(found) => assert_close(&found, &expected, &format!("{name}.{ending}")),
            Err(error) => panic!("{name}.{ending}: {error}"),
        }
    }
}

const ALL: [&str; 3] = ["weights.h5", "keras", "h5"];

#[test]
fn layers_go_by_their_use_and_not_by_their_creation() {
    equals_keras::<Creation>("creation", &ALL);
}

#[test]
fn layers_of_branches_go_by_their_distance_from_the_output() {
    equals_keras::<Branches>("branches", &ALL);
    equals_keras::<Uneven>("uneven", &ALL);
}

#[test]
fn layers_of_a_residual_and_of_its_shortcut_are_told_from_each_other() {
    equals_keras::<Shortcut>("residual", &ALL);
    for name in ["shortcut", "swapped", "inside_out"] {
        equals_keras::<Shortcut>(name, &["keras", "h5"]);
    }
}

#[test]
fn shapes_tell_a_shortcut_that_is_added_first() {
    equals_keras::<Convolutions>("convolutions", &ALL);
}

#[test]
fn a_shortcut_that_could_be_the_main_branch_is_refused_by_both_candidates() {
    for (name, [first, second]) in [
        ("swapped", ["dense_3", "dense_2"]),
        ("shortcut", ["dense_2", "dense_1"]),
        ("inside_out", ["dense_3", "dense_1"]),
    ] {
        let (found, _) = outputs::<Shortcut>(name, "weights.h5");
        let message = found.unwrap_err().to_string();
        let expected = format!(
            "layer `dense_1` could be `{first}` (`layers/dense_1` in the file) or `{second}` (`layers/dense_2` in the \
             file), for the file does not say how its layers are connected: give the layers the names that they \
             have in the file, or save the model in Keras as a `.keras`, which holds its graph"
        );
        assert_eq!(message.lines().nth(1).unwrap().trim(), expected, "{name}");
    }
}

#[test]
fn activations_that_are_layers_in_keras_alone_do_not_shift_the_others() {
    equals_keras::<Activations>("activations", &["keras", "h5"]);
    let (found, _) = outputs::<Activations>("activations", "weights.h5");
    let message = found.unwrap_err().to_string();
    assert!(
        message.contains("the file has other layers without weights"),
        "{message}"
    );
}

#[test]
fn names_that_somebody_chose_go_before_order() {
    equals_keras::<Chosen>("chosen", &ALL);
}

#[test]
fn models_in_models_in_models_go_by_their_tree() {
    equals_keras::<Deep>("deep", &ALL);
    equals_keras::<Blocks>("blocks", &ALL);
}

#[test]
fn a_model_without_the_models_in_it_is_the_same_along_the_graph() {
    equals_keras::<DeepFlat>("deep", &["keras", "h5"]);
    equals_keras::<FrozenFlat>("frozen", &["keras", "h5"]);
    let (found, _) = outputs::<DeepFlat>("deep", "weights.h5");
    let message = found.unwrap_err().to_string();
    assert!(
        message.contains("the models inside the model are not those of the file"),
        "{message}"
    );
}

#[test]
fn frozen_layers_of_a_model_in_a_model_go_to_their_places() {
    equals_keras::<Frozen>("frozen", &ALL);
    equals_keras::<Deep>("frozen_deep", &ALL);
}

#[test]
fn a_layer_that_is_used_thrice_is_one_layer() {
    equals_keras::<Shared>("shared", &ALL);
}

#[test]
fn reported_files_load_as_keras_loads_them() {
    equals_keras::<Pair>("reported/creation", &ALL);
    equals_keras::<Branches>("reported/branch_later", &ALL);
    equals_keras::<BaseTwice>("reported/nested_frozen", &["keras", "h5"]);
    equals_keras::<BaseTwiceFlat>("reported/nested_frozen", &["keras", "h5"]);
}

/// A model whose weights are all different.
fn counted<M: Model>() -> Box<M> {
    let mut model = M::zeroed();
    let values = model.as_mut_slice().iter_mut().enumerate();
    values.for_each(|(place, value)| *value = ((place * 37 + 11) % 101) as f32 / 101.0 - 0.4);
    model
}

#[test]
fn saved_weights_are_read_in_any_order() {
    fn check<M: Model>() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.weights.h5");
        let model = counted::<M>();
        keras::save(&path, &*model).unwrap();
        let loaded = keras::load::<M>(&path).unwrap();
        assert_eq!(loaded.as_slice(), model.as_slice(), "{}", M::NAME);
    }
    check::<Branches>();
    check::<Uneven>();
    check::<Shortcut>();
    check::<Convolutions>();
    check::<Deep>();
    check::<Blocks>();
    check::<Frozen>();
    check::<Shared>();
    check::<Chosen>();
}

#[test]
fn keras_predicts_the_same_with_what_is_saved() {
    let Some(python) = std::env::var_os("KERUST_KERAS_PYTHON") else {
        skipped("Keras loaded nothing, for `KERUST_KERAS_PYTHON` names no Python with Keras");
        return;
    };
    fn save<M: Predict>(folder: &Path, name: &str) {
        let mut model = counted::<M>();
        // A moving variance is not negative.
        model
            .as_mut_slice()
            .iter_mut()
            .for_each(|value| *value = value.abs() - 0.05);
        model
            .as_mut_slice()
            .iter_mut()
            .for_each(|value| *value = value.abs());
        keras::save(folder.join(format!("{name}.weights.h5")), &*model).unwrap();
        let outputs: Vec<_> = model.outputs().iter().map(f32::to_string).collect();
        fs::write(folder.join(format!("{name}.out")), outputs.join("\n")).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    save::<Creation>(folder.path(), "creation");
    save::<Branches>(folder.path(), "branches");
    save::<Uneven>(folder.path(), "uneven");
    save::<Shortcut>(folder.path(), "residual");
    save::<Shortcut>(folder.path(), "shortcut");
    save::<Deep>(folder.path(), "deep");
    save::<Blocks>(folder.path(), "blocks");
    save::<Shared>(folder.path(), "shared");
    let status = std::process::Command::new(python)
        .arg(place("make_places.py"))
        .arg("check")
        .arg(folder.path())
        .status();
    assert!(status.unwrap().success());
}
