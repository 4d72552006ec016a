//! Expected help: the representation is `C` alone, also where another attribute says more.
use kerust::LayerData;

#[derive(LayerData)]
#[repr(C)]
#[repr(packed)]
pub struct Dense {
    kernel: [[i8; 3]; 3],
    bias: [i32; 3],
}

fn main() {}
