//! Kernels of workstations: dot products of AVX-512 VNNI, AVX-VNNI, AVX2 and NEON, chosen at run time.
//!
//! The outputs are those of the portable kernels, byte for byte. An image is copied with its padding, as the
//! instructions read it: as unsigned bytes for VNNI, whose products are of an unsigned and a signed byte; as signed
//! bytes for NEON; as 16-bit values for AVX2. A *word* is 32 bits of it: four values or two. Weights are packed so that
//! one vector has a word of each of several filters. Both are kept in the working memory of the thread.

mod image;
#[cfg(target_arch = "aarch64")]
mod neon;
#[allow(
    clippy::needless_range_loop,
    reason = "the indices select registers of several arrays in unrolled loops"
)]
mod product;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::{Convolution, Dense, Depthwise, Filters, Output, Rows};
use crate::kernels::scratch;
use crate::shape::Window;
use image::Image;
use product::{Numbers, Product};

/// An instruction set with dot products of 8-bit or 16-bit values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Set {
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
    #[cfg(target_arch = "x86_64")]
    AvxVnni,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Set {
    /// All sets, the fastest first.
    const ALL: &[Self] = &[
        #[cfg(target_arch = "x86_64")]
        Self::Avx512Vnni,
        #[cfg(target_arch = "x86_64")]
        Self::AvxVnni,
        #[cfg(target_arch = "x86_64")]
        Self::Avx2,
        #[cfg(target_arch = "aarch64")]
        Self::Neon,
    ];

    /// Whether this machine has the set.
    #[inline]
    fn is_supported(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512vnni")
                    && is_x86_feature_detected!("avx2")
            }
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni => {
                is_x86_feature_detected!("avxvnni") && is_x86_feature_detected!("avx2")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => std::arch::is_aarch64_feature_detected!("dotprod"),
        }
    }

    /// The fastest set of this machine.
    #[inline]
    fn best() -> Option<Self> {
        #[cfg(test)]
        if let Some(forced) = FORCED.get() {
            return forced;
        }
        Self::ALL.iter().copied().find(|set| set.is_supported())
    }

    /// Runs `work` with the vectors of the set.
    ///
    /// # Safety
    /// The machine has it.
    unsafe fn run(self, work: impl Work) {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                #[cfg(target_arch = "x86_64")]
                Self::Avx512Vnni => work.run::<x86::Avx512Vnni>(),
                #[cfg(target_arch = "x86_64")]
                Self::AvxVnni => work.run::<x86::AvxVnni>(),
                #[cfg(target_arch = "x86_64")]
                Self::Avx2 => work.run::<x86::Avx2>(),
                #[cfg(target_arch = "aarch64")]
                Self::Neon => work.run::<neon::Neon>(),
            }
        }
    }
}

// The set that a test forces; none are the portable kernels.
#[cfg(test)]
std::thread_local! {
    static FORCED: core::cell::Cell<Option<Option<Set>>> = const { core::cell::Cell::new(None) };
}

/// Work that can be done with each set.
trait Work {
    /// # Safety
    /// The machine has `S`.
    unsafe fn run<S: Wide>(self);
}

/// A vector of 32-bit lanes and its instructions.
///
/// # Safety
/// Every function needs the instruction set of the type. Pointers must be valid for the lanes that are accessed. The
/// functions are `inline(always)`, so that they become part of a function that is compiled for the instruction set.
trait Wide {
    const LANES: usize;
    /// Values of a word.
    const TAPS: usize;
    /// What is added to the values of an image, to make them unsigned.
    const OFFSET: i32;
    /// Whether there are 32 registers, not 16.
    const MANY_REGISTERS: bool;
    type Vector: Copy;

    unsafe fn zero() -> Self::Vector;
    unsafe fn load(from: *const i32) -> Self::Vector;
    /// The word in each lane.
    unsafe fn splat(word: i32) -> Self::Vector;
    /// Adds the products of the values of `x` with the weights, lane by lane.
    unsafe fn dot(sums: Self::Vector, x: Self::Vector, weights: Self::Vector) -> Self::Vector;
    /// The sum of the products of values with weights, of which there are as many.
    unsafe fn dot_of(x: &[i8], weights: &[i8]) -> i32;
    /// Stores the outputs of the first `lanes` sums.
    unsafe fn finish(
        sums: Self::Vector,
        numbers: &Numbers<Self::Vector>,
        output: Output,
        to: *mut i8,
        lanes: usize,
    );
    /// Runs `work` compiled for the instruction set. The functions that it calls must be `inline(always)`.
    unsafe fn enter(work: impl FnOnce());
}

/// Computes all images of a convolution, each of which lies in `x`, or in `y`, in the place of its output. Returns false
/// if this machine has none of the instruction sets.
pub(super) fn convolution(
    shape: &Convolution,
    x: Option<&[i8]>,
    filters: Filters<'_>,
    y: &mut [i8],
) -> bool {
    let Some(set) = Set::best() else {
        return false;
    };
    // SAFETY: `best` detected the set.
    unsafe { set.run(of_convolution(shape, Source::whole(x), filters, y)) };
    true
}

/// Computes the rows of an image from row `first` on.
pub(super) fn convolution_rows(
    shape: &Convolution,
    x: Rows<'_>,
    first: usize,
    filters: Filters<'_>,
    y: &mut [i8],
) -> bool {
    let Some(set) = Set::best() else {
        return false;
    };
    // SAFETY: `best` detected the set.
    unsafe { set.run(of_convolution(shape, Source::Rows(x, first), filters, y)) };
    true
}

/// The same for a depthwise convolution with one output for each channel.
pub(super) fn depthwise(
    shape: &Depthwise,
    x: Option<&[i8]>,
    filters: Filters<'_>,
    y: &mut [i8],
) -> bool {
    let Some(set) = Set::best() else {
        return false;
    };
    if shape.multiplier != 1 {
        return false;
    }
    // SAFETY: `best` detected the set.
    unsafe { set.run(of_depthwise(shape, Source::whole(x), filters, y)) };
    true
}

/// Computes the rows of an image from row `first` on.
pub(super) fn depthwise_rows(
    shape: &Depthwise,
    x: Rows<'_>,
    first: usize,
    filters: Filters<'_>,
    y: &mut [i8],
) -> bool {
    let Some(set) = Set::best() else {
        return false;
    };
    if shape.multiplier != 1 {
        return false;
    }
    // SAFETY: `best` detected the set.
    unsafe { set.run(of_depthwise(shape, Source::Rows(x, first), filters, y)) };
    true
}

/// Computes all rows of a dense layer.
pub(super) fn dense(shape: &Dense, x: &[i8], filters: Filters<'_>, y: &mut [i8]) -> bool {
    let Some(set) = Set::best() else {
        return false;
    };
    // SAFETY: `best` detected the set.
    unsafe {
        set.run(product::Dense {
            shape,
            x,
            filters,
            y,
        })
    };
    true
}

fn of_convolution<'a>(
    shape: &Convolution,
    x: Source<'a>,
    filters: Filters<'a>,
    y: &'a mut [i8],
) -> Images<'a> {
    Images {
        input: shape.input,
        window: shape.window,
        groups: shape.groups,
        filters_count: shape.filters,
        zero_point: shape.zero_point,
        output: shape.output,
        is_depthwise: false,
        x,
        filters,
        y,
    }
}

fn of_depthwise<'a>(
    shape: &Depthwise,
    x: Source<'a>,
    filters: Filters<'a>,
    y: &'a mut [i8],
) -> Images<'a> {
    Images {
        input: shape.input,
        window: shape.window,
        groups: 1,
        filters_count: shape.input[2],
        zero_point: shape.zero_point,
        output: shape.output,
        is_depthwise: true,
        x,
        filters,
        y,
    }
}

/// Where images lie.
enum Source<'a> {
    /// One after the other.
    Whole(&'a [i8]),
    /// In the place of their outputs.
    InPlace,
    /// The rows of one image, of whose output the rows from a number on are computed.
    Rows(Rows<'a>, usize),
}

impl<'a> Source<'a> {
    fn whole(x: Option<&'a [i8]>) -> Self {
        x.map_or(Self::InPlace, Self::Whole)
    }
}

/// Convolutions of images.
struct Images<'a> {
    input: [usize; 3],
    window: Window,
    groups: usize,
    filters_count: usize,
    zero_point: i8,
    output: Output,
    is_depthwise: bool,
    x: Source<'a>,
    filters: Filters<'a>,
    y: &'a mut [i8],
}

impl Work for Images<'_> {
    unsafe fn run<S: Wide>(self) {
        let [height, width, channels] = self.input;
        let [rows, columns] = self.window.output(height, width);
        let row_len = columns * self.filters_count;
        if row_len == 0 || self.groups == 0 {
            return;
        }
        let (first, rows) = match self.x {
            Source::Rows(_, first) => (first, self.y.len() / row_len),
            _ => (0, rows),
        };
        if rows == 0 {
            return;
        }
        let image = Image::new::<S>(self.input, self.window, [rows, columns], self.zero_point);
        let product = Product::new::<S>(
            &image,
            self.groups,
            self.filters_count,
            self.is_depthwise,
            self.output,
        );
        let words = if self.is_depthwise { image.words() } else { 0 };
        let lens = [product.packed_len(), image.len_words(), words];
        scratch::with(scratch::Use::Int8, lens.iter().sum(), |memory| {
            let memory: &mut [i32] = bytemuck::cast_slice_mut(memory);
            let (packed, memory) = memory.split_at_mut(lens[0]);
            let (pixels, words) = memory.split_at_mut(lens[1]);
            let pixels: &mut [u8] = bytemuck::cast_slice_mut(pixels);
            // SAFETY: the caller has `S`; all sizes are those of `product` and `image`.
            unsafe {
                S::enter(
                    #[inline(always)]
                    || {
                        product.pack::<S>(self.filters, packed);
                        for (number, y) in self.y.chunks_exact_mut(rows * row_len).enumerate() {
                            match self.x {
                                Source::Whole(x) => {
                                    let len = height * width * channels;
                                    let x = x.get(number * len..).unwrap_or_default();
                                    image.copy::<S>(Rows::new(x, width * channels), first, pixels);
                                }
                                Source::InPlace => {
                                    image.copy::<S>(Rows::new(y, width * channels), first, pixels)
                                }
                                Source::Rows(x, first) => image.copy::<S>(x, first, pixels),
                            }
                            if self.is_depthwise {
                                image.spread::<S>(pixels, words);
                                product.multiply::<S>(packed, bytemuck::cast_slice(words), y);
                            } else {
                                product.multiply::<S>(packed, pixels, y);
                            }
                        }
                    },
                );
            }
        });
    }
}
