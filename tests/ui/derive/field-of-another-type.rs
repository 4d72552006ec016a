//! Expected help: arrays of f32.
use kerust::LayerData;

#[derive(LayerData)]
#[repr(C)]
pub struct Affine {
    scale: Vec<f32>,
}

fn main() {}
