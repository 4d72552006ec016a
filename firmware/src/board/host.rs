//! Files and output of the host through semihosting, without `core::fmt`.

use core::ffi::CStr;
use cortex_m_semihosting::{debug, syscall};
use kerust::element::Element;

/// `rb`
pub const READ: usize = 1;
/// `wb`
pub const WRITE: usize = 5;

/// Opens a file. Exits with an error if it does not exist.
pub fn open(name: &CStr, mode: usize) -> usize {
    // SAFETY: the name is valid for as long as the host reads it.
    let file = unsafe { syscall!(OPEN, name.as_ptr(), mode, name.count_bytes()) };
    if file == usize::MAX {
        fail();
    }
    file
}

/// Fills `values`; whether there was as much left.
pub fn read<T: Element>(file: usize, values: &mut [T]) -> bool {
    // SAFETY: the host writes into `values`, of which any bytes are valid.
    unsafe { syscall!(READ, file, values.as_mut_ptr(), size_of_val(values)) == 0 }
}

/// Appends `values`.
pub fn write<T: Element>(file: usize, values: &[T]) {
    // SAFETY: the host reads `values`.
    if unsafe { syscall!(WRITE, file, values.as_ptr(), size_of_val(values)) } != 0 {
        fail();
    }
}

/// Prints a word and a number.
pub fn print(word: &CStr, number: u32) {
    let mut text = *b"          \n\0";
    let mut rest = number;
    for digit in text[..10].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    // SAFETY: both end with a zero.
    unsafe {
        cortex_m_semihosting::syscall1(cortex_m_semihosting::nr::WRITE0, word.as_ptr().addr());
        cortex_m_semihosting::syscall1(cortex_m_semihosting::nr::WRITE0, text.as_ptr().addr());
    }
}

/// Exits QEMU.
pub fn exit() -> ! {
    loop {
        debug::exit(debug::EXIT_SUCCESS);
    }
}

/// Exits QEMU with an error.
pub fn fail() -> ! {
    loop {
        debug::exit(debug::EXIT_FAILURE);
    }
}
