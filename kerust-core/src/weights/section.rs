//! Data with a layout, which become tensors in a file.

use crate::element::Dtype;
use crate::layer::Layout;

/// Values to write, with the prefix `prefix`. If it is empty, the tensors' names have no prefix.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    /// The prefix of the tensors' names: `optimizer.m`.
    pub prefix: &'a str,
    /// The layout of the values.
    pub layout: &'a Layout,
    /// The values, with `layout.bytes()` bytes.
    pub values: &'a [u8],
}

/// A buffer for values to read, with the prefix `prefix`. If it is empty, the tensors' names have no prefix.
#[derive(Debug)]
pub struct SectionMut<'a> {
    /// The prefix of the tensors' names: `optimizer.m`.
    pub prefix: &'a str,
    /// The layout of the values.
    pub layout: &'a Layout,
    /// The buffer, with `layout.bytes()` bytes.
    pub values: &'a mut [u8],
}

/// A tensor of a section.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) dtype: Dtype,
    pub(crate) sizes: &'static [usize],
    /// The byte of the section where its values begin.
    pub(crate) start: usize,
    pub(crate) bytes: usize,
}

/// The tensors of a section in the order of its values. Tensors without values are left out.
///
/// # Panics
/// Unless there are `layout.bytes()` bytes.
pub(crate) fn entries(prefix: &str, layout: &Layout, bytes: usize) -> Vec<Entry> {
    assert_eq!(
        bytes,
        layout.bytes(),
        "a section holds as many bytes as its layout says"
    );
    let mut entries = Vec::new();
    collect(prefix, layout, &mut 0, &mut entries);
    entries
}

fn collect(prefix: &str, layout: &Layout, place: &mut usize, entries: &mut Vec<Entry>) {
    match layout {
        Layout::Tensor(dtype, sizes) => {
            let bytes = layout.bytes();
            if bytes > 0 {
                entries.push(Entry {
                    name: prefix.to_owned(),
                    dtype: *dtype,
                    sizes,
                    start: *place,
                    bytes,
                });
            }
            *place += bytes;
        }
        Layout::Parts(parts) => {
            for part in *parts {
                let name = match prefix {
                    "" => part.name.to_owned(),
                    prefix => format!("{prefix}.{}", part.name),
                };
                collect(&name, &part.layout, place, entries);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{LayerData, Part};

    const fn part(name: &'static str, layout: Layout) -> Part {
        Part {
            offset: 0,
            name,
            trainable: true,
            layout,
        }
    }

    #[test]
    fn nested_parts_are_joined_by_dots_and_empty_ones_left_out() {
        const DENSE: Layout = Layout::Parts(&[
            part("kernel", <[[i8; 3]; 2]>::LAYOUT),
            part("bias", <[i32; 0]>::LAYOUT),
        ]);
        const MODEL: Layout = Layout::Parts(&[
            part("block", Layout::Parts(&[part("dense", DENSE)])),
            part("scale", <[f32; 4]>::LAYOUT),
        ]);
        let found = entries("ema", &MODEL, 22);
        let expected = [
            ("ema.block.dense.kernel", Dtype::I8, &[2, 3][..], 0, 6),
            ("ema.scale", Dtype::F32, &[4], 6, 16),
        ]
        .map(|(name, dtype, sizes, start, bytes)| Entry {
            name: name.to_owned(),
            dtype,
            sizes,
            start,
            bytes,
        });
        assert_eq!(found, expected);
        assert_eq!(entries("", &MODEL, 22)[1].name, "scale");
    }
}
