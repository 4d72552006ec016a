//! Expected help: named fields.
use kerust::LayerData;

#[derive(LayerData)]
#[repr(C)]
pub struct Affine([f32; 3]);

fn main() {}
