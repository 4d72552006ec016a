//! Expected help: `#[repr(C)]` alone.
use kerust::LayerData;

#[derive(LayerData)]
#[repr(C, align(16))]
pub struct Affine {
    scale: [f32; 3],
}

fn main() {}
