//! The shared code of the firmware programs: it reads inputs from the host, measures instructions and memory,
//! and writes the outputs to the host.
//!
//! The counts are valid under QEMU with `-icount shift=6`, where an instruction takes 64 ns: timer 0 of the
//! MPS2 boards ticks 25 times per microsecond, so 8 ticks are 5 instructions.

mod host;
mod stack;
mod timer;

use core::hint::black_box;
use kerust::element::Element;
use kerust::tensor::{StaticShape, Tensor};

/// Answers every input of the host's file `inputs` into `outputs`, and prints what the first cost.
pub fn run<X: StaticShape, T: Element, Y: StaticShape, U: Element>(
    input: &mut Tensor<X, T>,
    mut predict: impl FnMut(&Tensor<X, T>) -> Tensor<Y, U>,
) -> ! {
    let (inputs, outputs) = (
        host::open(c"inputs", host::READ),
        host::open(c"outputs", host::WRITE),
    );
    let mut first = true;
    while host::read(inputs, input.as_mut_slice()) {
        let output = if first {
            measured(|| predict(black_box(input)))
        } else {
            predict(input)
        };
        first = false;
        host::write(outputs, output.as_slice());
    }
    host::exit()
}

/// Calls `work`, and prints how many instructions and bytes of stack it used.
fn measured<T>(work: impl FnOnce() -> T) -> T {
    timer::start();
    let overhead = timer::now() - timer::now();
    stack::paint();
    let before = timer::now();
    let result = work();
    let ticks = before - timer::now() - overhead;
    host::print(c"stack ", stack::used());
    host::print(c"instructions ", (u64::from(ticks) * 5 / 8) as u32);
    result
}

/// Linked only if something can panic. The check of the symbols looks for it.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    host::fail()
}
