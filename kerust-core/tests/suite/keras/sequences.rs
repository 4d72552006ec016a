//! Sequence layers, whose tensors Keras stores in nested layers: cells, directions, projections.

use super::{file, skipped};
use kerust::prelude::*;
use kerust_core::layer::LayerData;
use kerust_core::weights::keras;
use safetensors::SafeTensors;

model! {
    pub Sequences:
        Input(6, 4)
        => Conv1D(4, 3, causal, relu)
        => LSTM(3, return_sequences = true)
        => Bidirectional(GRU(2, return_sequences = true))
        => LayerNormalization
        => MultiHeadAttention(2, 3)
        => TimeDistributed(Dense(5, tanh))
        => SimpleRNN(3)
        => RepeatVector(2)
        => GRU(3, reset_after = false)
        => Dense(2)
}

/// The values that `make_sequences.py` gives: 1/64, 2/64, .. modulo 1 minus 1/2.
fn counted() -> Vec<f32> {
    (1..=Sequences::PARAMS)
        .map(|number| (number % 64) as f32 / 64.0 - 0.5)
        .collect()
}

#[test]
fn layers_over_sequences_are_read_from_every_kind_of_file() {
    let bytes = std::fs::read(file("sequences.safetensors")).unwrap();
    let golden = SafeTensors::deserialize(&bytes).unwrap();
    let of = |name: &str| -> Vec<f32> {
        let data = golden.tensor(name).unwrap();
        let words = data.data().chunks_exact(4);
        words
            .map(|word| f32::from_le_bytes(word.try_into().unwrap()))
            .collect()
    };
    let (x, y) = (of("x"), of("y"));
    for name in ["sequences.keras", "sequences.weights.h5", "sequences.h5"] {
        let model = keras::load::<Sequences>(file(name)).unwrap();
        assert_eq!(model.as_slice(), counted(), "{name}");
        for (x, y) in x.chunks(24).zip(y.chunks(2)) {
            let x = Tensor::<Rank2<6, 4>>::from_fn(|[step, feature]| x[4 * step + feature]);
            let found = model.predict(&x);
            let gaps = found.as_slice().iter().zip(y).map(|(a, b)| (a - b).abs());
            assert!(
                gaps.fold(0.0, f32::max) < 2e-6,
                "{found:?}, Keras has {y:?}"
            );
        }
    }
}

#[test]
fn saved_weights_are_read_again() {
    let mut model = Sequences::zeroed();
    model.as_mut_slice().copy_from_slice(&counted());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sequences.weights.h5");
    keras::save(&path, &*model).unwrap();
    let tensors = keras::tensors(&path).unwrap();
    let paths: Vec<&str> = tensors.iter().map(|it| it.path.as_str()).collect();
    for path in [
        "layers/lstm/cell/vars/1",
        "layers/bidirectional/backward_layer/cell/vars/2",
        "layers/multi_head_attention/output_dense/vars/0",
        "layers/multi_head_attention/query_dense/vars/1",
        "layers/time_distributed/layer/vars/0",
    ] {
        assert!(paths.contains(&path), "{path} of {paths:?}");
    }
    assert_eq!(
        keras::load::<Sequences>(&path).unwrap().as_slice(),
        counted()
    );
    let Some(python) = std::env::var_os("KERUST_KERAS_PYTHON") else {
        skipped("Keras loaded nothing, for `KERUST_KERAS_PYTHON` names no Python with Keras");
        return;
    };
    let status = std::process::Command::new(python)
        .arg(file("make_sequences.py"))
        .arg("check")
        .arg(folder.path())
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn the_scalars_of_an_attention_are_read_and_written() {
    model! {
        pub Look {
            let query = Input(3, 2);
            let value = Input(4, 2);
            Attention(query, value, use_scale = true, score_mode = concat) => Flatten
        }
    }
    let expected = [0.25, -1.5];
    let loaded = keras::load::<Look>(file("attention.weights.h5")).unwrap();
    assert_eq!(loaded.as_slice(), expected);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("attention.weights.h5");
    keras::save(&path, &*loaded).unwrap();
    assert_eq!(keras::load::<Look>(&path).unwrap().as_slice(), expected);
    let Some(python) = std::env::var_os("KERUST_KERAS_PYTHON") else {
        skipped("Keras loaded nothing, for `KERUST_KERAS_PYTHON` names no Python with Keras");
        return;
    };
    let status = std::process::Command::new(python)
        .arg(file("make_attention.py"))
        .arg("check")
        .arg(folder.path())
        .status();
    assert!(status.unwrap().success());
}
