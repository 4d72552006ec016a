//! Networks that other people trained and published (MLPerf Tiny), read from their folder, which
//! `KERUST_MLPERF` names.

use kerust_core::weights::keras::{self, FileTensor};
use std::path::Path;

/// The tensors of a published file, or `None` with a visible warning if the folder is missing.
fn published(name: &str) -> Option<Vec<FileTensor>> {
    let Some(folder) = std::env::var_os("KERUST_MLPERF") else {
        super::skipped(&format!(
            "`{name}` was not read, for `KERUST_MLPERF` names no folder of MLPerf Tiny's models"
        ));
        return None;
    };
    Some(keras::tensors(Path::new(&folder).join(name)).unwrap())
}

fn sizes<'a>(tensors: &'a [FileTensor], path: &str) -> &'a [usize] {
    let tensor = tensors.iter().find(|tensor| tensor.path == path);
    &tensor.expect("the file has this tensor").sizes
}

fn count(tensors: &[FileTensor]) -> usize {
    assert!(
        tensors
            .iter()
            .all(|t| t.values.len() == t.sizes.iter().product::<usize>())
    );
    assert!(
        tensors
            .iter()
            .flat_map(|t| &t.values)
            .all(|value| value.is_finite())
    );
    tensors.iter().map(|tensor| tensor.values.len()).sum()
}

/// A checksum over the bits of all values; the expected ones come from files read by h5py 3.
fn bits(tensors: &[FileTensor]) -> u64 {
    let values = tensors.iter().flat_map(|tensor| &tensor.values);
    values.fold(0, |bits: u64, value| {
        bits.wrapping_mul(31).wrapping_add(value.to_bits().into())
    })
}

#[test]
fn the_autoencoder_is_read_tensor_by_tensor() {
    let Some(tensors) = published("ad/ad01.h5") else {
        return;
    };
    // Ten dense layers, nine of them with batch normalization.
    assert_eq!(tensors.len(), 10 * 2 + 9 * 4);
    assert_eq!(count(&tensors), 269_992);
    assert_eq!(bits(&tensors), 352_525_138_339_937_232);
    assert_eq!(
        sizes(&tensors, "model_weights/dense/dense/kernel:0"),
        [640, 128]
    );
}

#[test]
fn resnet_8_is_read_tensor_by_tensor() {
    let Some(tensors) = published("ic/pretrainedResnet.h5") else {
        return;
    };
    assert_eq!(tensors.len(), 9 * 2 + 7 * 4 + 2);
    assert_eq!(count(&tensors), 78_666);
    assert_eq!(bits(&tensors), 12_435_624_536_736_664_258);
    assert_eq!(
        sizes(&tensors, "model_weights/conv2d_5/conv2d_5/kernel:0"),
        [1, 1, 16, 32]
    );
}
