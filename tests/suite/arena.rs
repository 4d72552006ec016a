//! `ARENA_BYTES` is exact: one inference writes every byte of its arena, and none beyond.
//! `firmware/src/bin/answer.rs` tests the arena on a device too.

use crate::embedded::program::Fashion;
use crate::published::models::{Autoencoder, Catalogue, ResNet8};
use crate::published::{KeywordSpotting, LeNet5, MobileNet, UNet};
use kerust::prelude::*;
use kerust::tensor::StaticShape;

/// Values before and after the arena.
const AROUND: usize = 1000;

#[repr(C)]
struct Painted<M: Model> {
    before: [f32; AROUND],
    arena: Arena<M>,
    behind: [f32; AROUND],
}

/// Predicts in an arena filled with NaNs that arithmetic does not produce, and looks for the remaining ones.
#[track_caller]
fn check<M: Train + Workflow, X: StaticShape, Y: StaticShape>(
    predict: impl Fn(&M, &Tensor<X>, &mut Arena<M>) -> Tensor<Y>,
) {
    let net = M::new(Seed(3));
    let mut input = Tensor::<X>::zeroed();
    let values = input.as_mut_slice().iter_mut().enumerate();
    values.for_each(|(i, value)| *value = (i as f32 * 0.7).sin());
    let len = 2 * AROUND + M::ARENA_LEN;
    assert_eq!(4 * len, size_of::<Painted<M>>());
    for paint in [f32::from_bits(0x7fa1_2345), f32::from_bits(0xffb5_4321)] {
        let mut memory = vec![paint; len];
        // SAFETY: as many `f32`s as the struct has, all of which may have any bits.
        let painted = unsafe { &mut *memory.as_mut_ptr().cast::<Painted<M>>() };
        let output = predict(&net, &input, &mut painted.arena);
        assert!(output.as_slice().iter().all(|y| y.is_finite()));
        let left = |value: &f32| value.to_bits() == paint.to_bits();
        assert!(painted.before.iter().chain(&painted.behind).all(left));
        let arena = &memory[AROUND..len - AROUND];
        let unused = arena.iter().filter(|value| left(value)).count();
        let len = arena.len();
        assert_eq!(unused, 0, "of {len} values in the arena of {}", M::NAME);
    }
}

#[test]
fn every_byte_of_a_chains_arena_is_used_and_none_beyond() {
    check(Fashion::predict_in);
    check(LeNet5::predict_in);
    check(Autoencoder::predict_in);
    check(KeywordSpotting::predict_in);
    check(MobileNet::predict_in);
}

#[test]
fn every_byte_of_a_graphs_arena_is_used_and_none_beyond() {
    check(ResNet8::predict_in);
    check(UNet::predict_in);
    check(Catalogue::predict_in);
}
