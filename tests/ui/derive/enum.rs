//! Expected help: a struct.
use kerust::LayerData;

#[derive(LayerData)]
#[repr(C)]
pub enum Affine {
    Scale,
}

fn main() {}
