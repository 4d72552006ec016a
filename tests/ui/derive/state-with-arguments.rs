//! Expected help: `#[state]` alone.
use kerust::LayerData;

#[derive(LayerData)]
#[repr(C)]
pub struct Affine {
    #[state(mean)]
    mean: [f32; 3],
}

fn main() {}
