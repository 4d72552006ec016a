//! Convolution by plain loops, without heap: what firmware runs.

use super::Convolution;

/// `y = bias + windows·kernel`
pub(super) fn forward(
    convolution: &Convolution,
    x: &[f32],
    kernel: &[f32],
    bias: &[f32],
    y: &mut [f32],
) {
    for y in y.chunks_exact_mut(convolution.filters.max(1)) {
        if bias.is_empty() {
            y.fill(0.0);
        } else {
            y.copy_from_slice(bias);
        }
    }
    each_tap(convolution, x.len(), |output, input, tap| {
        let (y, x, kernel) = (&mut y[output..], &x[input..], &kernel[tap..]);
        each_row(convolution, |channel, row, filters| {
            let x = x[channel];
            let pairs = y[filters.clone()].iter_mut().zip(&kernel[row..]);
            pairs.for_each(|(y, w)| *y += x * w);
        });
    });
}

/// `dkernel += windowsᵀ·dy`
pub(super) fn add_weight_gradient(
    convolution: &Convolution,
    x: &[f32],
    dy: &[f32],
    dkernel: &mut [f32],
) {
    each_tap(convolution, x.len(), |output, input, tap| {
        let (dy, x, dkernel) = (&dy[output..], &x[input..], &mut dkernel[tap..]);
        each_row(convolution, |channel, row, filters| {
            let x = x[channel];
            let pairs = dkernel[row..].iter_mut().zip(&dy[filters]);
            pairs.for_each(|(dw, dy)| *dw += x * dy);
        });
    });
}

/// `dx`, from `dy` and the kernel.
pub(super) fn input_gradient(
    convolution: &Convolution,
    dy: &[f32],
    kernel: &[f32],
    dx: &mut [f32],
) {
    dx.fill(0.0);
    each_tap(convolution, dx.len(), |output, input, tap| {
        let (dy, dx, kernel) = (&dy[output..], &mut dx[input..], &kernel[tap..]);
        each_row(convolution, |channel, row, filters| {
            let pairs = dy[filters].iter().zip(&kernel[row..]);
            dx[channel] += pairs.map(|(dy, w)| dy * w).sum::<f32>();
        });
    });
}

/// Calls `work` with the offsets of an output pixel, of an input pixel under its window, and of the
/// tap that connects them, for all that lie inside the images.
fn each_tap(convolution: &Convolution, len: usize, mut work: impl FnMut(usize, usize, usize)) {
    let [height, width, channels] = convolution.input;
    let [out_height, out_width] = convolution.output();
    let window = convolution.window;
    let [top, left] = window.padding_before(height, width);
    let tap_len = convolution.group_channels() * convolution.filters;
    for image in 0..len / convolution.input_len().max(1) {
        for i in 0..out_height {
            for j in 0..out_width {
                let pixel = (image * out_height + i) * out_width + j;
                for u in 0..window.size[0] {
                    // Above the image this wraps around, beyond the height.
                    let row = (i * window.strides[0] + u * window.dilation[0]).wrapping_sub(top);
                    if row >= height {
                        continue;
                    }
                    for v in 0..window.size[1] {
                        let column =
                            (j * window.strides[1] + v * window.dilation[1]).wrapping_sub(left);
                        if column >= width {
                            continue;
                        }
                        let input = ((image * height + row) * width + column) * channels;
                        let tap = (u * window.size[1] + v) * tap_len;
                        work(pixel * convolution.filters, input, tap);
                    }
                }
            }
        }
    }
}

/// Calls `work` with each input channel, the offset in the tap of its weights, and the outputs that
/// they lead to.
#[inline(always)]
fn each_row(
    convolution: &Convolution,
    mut work: impl FnMut(usize, usize, core::ops::Range<usize>),
) {
    let (channels, filters) = (convolution.group_channels(), convolution.group_filters());
    for group in 0..convolution.groups {
        let outputs = group * filters..(group + 1) * filters;
        for channel in 0..channels {
            work(
                group * channels + channel,
                channel * convolution.filters + outputs.start,
                outputs.clone(),
            );
        }
    }
}
