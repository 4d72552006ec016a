//! Expected help: the larger numbers first.
use kerust::LayerData;

#[derive(LayerData)]
#[repr(C)]
pub struct Dense {
    kernel: [[i8; 3]; 3],
    bias: [i32; 3],
}

fn main() {}
