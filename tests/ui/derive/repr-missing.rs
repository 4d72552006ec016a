//! Expected help: `#[repr(C)]`.
use kerust::LayerData;

#[derive(LayerData)]
pub struct Affine {
    scale: [f32; 3],
}

fn main() {}
