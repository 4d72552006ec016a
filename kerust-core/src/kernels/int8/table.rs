//! A function of one 8-bit value.

/// A function's value for each of the 256 inputs, the input read as an unsigned byte.
///
/// An activation is computed for all of them while a model compiles, so a device carries neither its
/// code nor its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Table(pub [i8; 256]);

impl Table {
    /// The table of these values.
    pub const fn of(values: &[i8; 256]) -> &Self {
        // SAFETY: `repr(transparent)` over these values.
        unsafe { &*core::ptr::from_ref(values).cast() }
    }

    /// The value of `x`.
    #[inline(always)]
    pub const fn value(&self, x: i8) -> i8 {
        self.0[x as u8 as usize]
    }

    /// `y` is the function of `x`.
    pub fn apply(&self, x: &[i8], y: &mut [i8]) {
        check!(x.len() == y.len(), "as many outputs as inputs");
        let pairs = y.iter_mut().zip(x);
        pairs.for_each(|(y, x)| *y = self.value(*x));
    }

    /// Each value of `y` becomes the function of itself.
    pub fn apply_in_place(&self, y: &mut [i8]) {
        y.iter_mut().for_each(|y| *y = self.value(*y));
    }
}

/// Gives a type with `const fn value(self, i8) -> i8` the table of it.
macro_rules! tabulated {
    ($type:ty) => {
        impl $type {
            /// The function's table, to be computed while compiling.
            pub const fn table(self) -> super::Table {
                let mut values = [0; 256];
                let mut x = 0;
                while x < 256 {
                    values[x] = self.value(x as u8 as i8);
                    x += 1;
                }
                super::Table(values)
            }
        }
    };
}
pub(super) use tabulated;
