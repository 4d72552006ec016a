//! Loading some of a model's weights by name: everything is reported, and nothing changes on failure.

use super::File;
use kerust::prelude::*;
use kerust_core::layer::LayerData as _;
use kerust_core::weights::{self, Difference};
use std::path::Path;

model! {
    pub Six: Input(3)
        => Dense(4, relu, name = edges)
        => BatchNormalization(name = norm)
        => Dense(6, softmax, name = six)
}
model! {
    pub Ten: Input(3)
        => Dense(4, relu, name = edges)
        => BatchNormalization(name = norm)
        => Dense(10, softmax, name = ten)
}
model! {
    /// With the macro's names: `dense_1` has another shape than in [`Narrow`].
    pub Wide: Input(3) => Dense(4, relu) => Dense(10, softmax)
}
model! {
    pub Narrow: Input(3) => Dense(4, relu) => Dense(6, softmax)
}
model! {
    pub Body: Input(3) => Dense(4, relu, name = edges)
}
model! {
    pub Nested: Input(3) => Body(name = body) => Dense(6, softmax, name = six)
}
model! {
    pub Deeper: Input(3) => Body(name = body) => Dense(2, name = two) => Dense(1, name = one)
}

/// The file's path, and the folder that must be kept alive.
fn saved<M: Model>(model: &M) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("six.safetensors");
    weights::save(&path, model).unwrap();
    (folder, path)
}

fn without(path: &Path, text: impl std::fmt::Display) -> String {
    text.to_string()
        .replace(&path.display().to_string(), "FILE")
}

#[test]
fn weights_with_the_same_name_are_loaded_and_the_rest_is_listed() {
    let six = Six::new(Seed(1));
    let (_folder, path) = saved(&*six);
    let fresh = Ten::new(Seed(2));
    let (ten, report) = Ten::new(Seed(2)).load_partial(&path).unwrap();
    assert_eq!(ten.edges.kernel, six.edges.kernel);
    assert_eq!(ten.norm.moving_variance, six.norm.moving_variance);
    assert_eq!(ten.ten.kernel, fresh.ten.kernel);
    assert_eq!(
        (
            report.taken(),
            report.missing(),
            report.surplus(),
            report.skipped()
        ),
        (6, 2, 2, 0)
    );
    assert_eq!(report.names_taken().last(), Some("norm.moving_variance"));
    assert_eq!(
        without(&path, &report),
        "`FILE` into `Ten`: 6 tensors taken, 2 missing, 2 surplus\n  \
         taken: `edges.kernel` (3, 4)\n  \
         taken: `edges.bias` (4)\n  \
         taken: `norm.gamma` (4)\n  \
         taken: `norm.beta` (4)\n  \
         taken: `norm.moving_mean` (4)\n  \
         taken: `norm.moving_variance` (4)\n  \
         missing: `ten.kernel` (4, 10)\n  \
         missing: `ten.bias` (10)\n  \
         surplus: `six.kernel` (4, 6)\n  \
         surplus: `six.bias` (6)"
    );
}

#[test]
fn another_shape_under_the_same_name_is_an_error_that_changes_nothing() {
    let (_folder, path) = saved(&*Narrow::new(Seed(1)));
    let mut wide = Wide::new(Seed(2));
    let before = wide.as_slice().to_vec();
    let error = weights::load_partial_into(&mut *wide, &path, false).unwrap_err();
    assert_eq!(
        without(&path, error),
        "some weights in `FILE` have a name of the model `Wide` and do not fit\n  \
         tensor `dense_1.kernel` has another shape: found (4, 6), expected (4, 10)\n  \
         tensor `dense_1.bias` has another shape: found (6), expected (10)\n  \
         give the layer another name (`name = ..`), or leave out what does not fit with \
         `load_partial_skip_mismatch`"
    );
    assert_eq!(wide.as_slice(), before);
    assert!(Wide::new(Seed(2)).load_partial(&path).is_err());
}

#[test]
fn mismatched_shapes_are_skipped_on_request_and_listed() {
    let narrow = Narrow::new(Seed(1));
    let (_folder, path) = saved(&*narrow);
    let (wide, report) = Wide::new(Seed(2))
        .load_partial_skip_mismatch(&path)
        .unwrap();
    assert_eq!(wide.dense.kernel, narrow.dense.kernel);
    assert_eq!(wide.dense_1.kernel, Wide::new(Seed(2)).dense_1.kernel);
    assert_eq!(
        (
            report.taken(),
            report.missing(),
            report.surplus(),
            report.skipped()
        ),
        (2, 0, 0, 2)
    );
    let mut skipped = report.differences();
    assert!(matches!(
        skipped.next(),
        Some(Difference::Shape { name, found, expected, .. })
            if name == "dense_1.kernel" && *found == [4, 6] && *expected == [4, 10]
    ));
    assert!(without(&path, &report).ends_with(
        "\n  skipped: tensor `dense_1.bias` has another shape: found (6), expected (10)"
    ));
}

#[test]
fn another_element_type_is_an_error() {
    let file = File::with(&[
        ("dense.kernel", "F16", &[3, 4]),
        ("dense.bias", "F32", &[4]),
    ]);
    let error = Wide::new(Seed(2)).load_partial(&file.path).err().unwrap();
    let message = without(&file.path, error);
    let line = "\n  tensor `dense.kernel` has another element type: found F16, expected F32\n";
    assert!(message.contains(line), "{message}");
    let (_, report) = Wide::new(Seed(2))
        .load_partial_skip_mismatch(&file.path)
        .unwrap();
    assert_eq!(
        (report.taken(), report.missing(), report.skipped()),
        (1, 2, 1)
    );
}

#[test]
fn models_in_models_are_taken_by_their_path() {
    let nested = Nested::new(Seed(1));
    let (_folder, path) = saved(&*nested);
    let (deeper, report) = Deeper::new(Seed(2)).load_partial(&path).unwrap();
    assert_eq!(deeper.body.edges.kernel, nested.body.edges.kernel);
    assert_eq!(
        (report.taken(), report.missing(), report.surplus()),
        (2, 4, 2)
    );
    // The file of the part is loaded into the part.
    let (_folder, path) = saved(&nested.body);
    let mut deeper = Deeper::new(Seed(2));
    weights::load_into(&mut deeper.body, &path).unwrap();
    assert_eq!(deeper.body.edges.kernel, nested.body.edges.kernel);
}

#[test]
fn a_file_with_no_name_of_the_models_is_an_error_that_names_all() {
    let (_folder, path) = saved(&*Body::new(Seed(1)));
    let error = Narrow::new(Seed(2)).load_partial(&path).err().unwrap();
    assert_eq!(
        without(&path, error),
        "no tensor in `FILE` fits the model `Narrow`, expected a tensor with the name of one of \
         the model's\n  \
         tensor `dense.kernel` is missing: expected shape (3, 4)\n  \
         tensor `dense.bias` is missing: expected shape (4)\n  \
         tensor `dense_1.kernel` is missing: expected shape (4, 6)\n  \
         tensor `dense_1.bias` is missing: expected shape (6)\n  \
         tensor `edges.kernel` is not expected: found shape (3, 4)\n  \
         tensor `edges.bias` is not expected: found shape (4)"
    );
}

#[test]
fn of_a_trainings_state_the_weights_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    let six = Six::new(Seed(1)).compile(Adam::new(0.1), SparseCategoricalCrossentropy, ());
    six.save_state(&path).unwrap();
    let (ten, report) = Ten::new(Seed(2)).load_partial(&path).unwrap();
    assert_eq!(ten.edges.kernel, six.model().edges.kernel);
    assert_eq!(
        (report.taken(), report.missing(), report.surplus()),
        (6, 2, 2)
    );
    assert!(report.to_string().ends_with("\n  surplus: `six.bias` (6)"));
}

#[test]
#[cfg(feature = "keras")]
fn files_of_keras_are_taken_by_the_names_that_somebody_chose() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("six.weights.h5");
    let six = Six::new(Seed(1));
    six.save(&path).unwrap();
    let (ten, report) = Ten::new(Seed(2)).load_partial(&path).unwrap();
    assert_eq!(ten.edges.kernel, six.edges.kernel);
    assert_eq!(ten.norm.moving_mean, six.norm.moving_mean);
    assert_eq!(
        (report.taken(), report.missing(), report.surplus()),
        (6, 2, 2)
    );
    Narrow::new(Seed(1)).save(&path).unwrap();
    let error = Wide::new(Seed(2)).load_partial(&path).err().unwrap();
    assert!(
        error
            .to_string()
            .contains("has another shape: found (4, 6), expected (4, 10)"),
        "{error}"
    );
}
