//! Expected help: flatten it first.
use kerust::layer::{Build, Layer};
use kerust::rng::Rng;
use kerust::tensor::{Rank1, Rank2};
use kerust::model;

/// Folds eight values in two rows.
pub struct Fold;
#[derive(kerust::LayerData)]
#[repr(C)]
pub struct FoldLayer {}
impl Build<Rank1<8>> for Fold { type Layer = FoldLayer; }
impl Layer for FoldLayer {
    type Input = Rank1<8>;
    type Output = Rank2<2, 4>;
    fn init(&mut self, _: &mut Rng) {}
    fn forward(&self, x: &[f32], y: &mut [f32]) { y.copy_from_slice(x) }
    fn backward(&self, _: &[f32], _: &[f32], dy: &[f32], dx: &mut [f32], _: &mut Self) { dx.copy_from_slice(dy) }
}

model! {
    pub Net: Input(8) => Fold => Dense(3)
}

fn main() {}
