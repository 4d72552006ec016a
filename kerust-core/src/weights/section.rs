//! Data with a layout, as the tensors of a file.

use crate::layer::Layout;

/// Values to be written under `prefix`; an empty prefix adds nothing to the tensors' names.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    /// What stands before the tensors' names: `optimizer.m`.
    pub prefix: &'a str,
    /// How the values lie.
    pub layout: &'a Layout,
    /// The values: `layout.len()` of them.
    pub values: &'a [f32],
}

/// Values to be read from under `prefix`; an empty prefix adds nothing to the tensors' names.
#[derive(Debug)]
pub struct SectionMut<'a> {
    /// What stands before the tensors' names: `optimizer.m`.
    pub prefix: &'a str,
    /// How the values lie.
    pub layout: &'a Layout,
    /// Where the values go: `layout.len()` of them.
    pub values: &'a mut [f32],
}

/// A tensor of a section.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) sizes: &'static [usize],
    /// Where its values begin in the section.
    pub(super) start: usize,
    pub(super) len: usize,
}

/// The tensors of a section in the order of its values; those without values are left out.
///
/// # Panics
/// Unless there are `layout.len()` values.
pub(super) fn entries(prefix: &str, layout: &Layout, values_len: usize) -> Vec<Entry> {
    assert_eq!(
        values_len,
        layout.len(),
        "a section holds as many values as its layout says"
    );
    let mut entries = Vec::new();
    collect(prefix, layout, &mut 0, &mut entries);
    entries
}

fn collect(prefix: &str, layout: &Layout, place: &mut usize, entries: &mut Vec<Entry>) {
    match layout {
        Layout::Tensor(sizes) => {
            let len = layout.len();
            if len > 0 {
                entries.push(Entry {
                    name: prefix.to_owned(),
                    sizes,
                    start: *place,
                    len,
                });
            }
            *place += len;
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
    use crate::layer::Part;

    const fn part(name: &'static str, layout: Layout) -> Part {
        Part {
            name,
            trainable: true,
            layout,
        }
    }

    #[test]
    fn nested_parts_are_joined_by_dots_and_empty_ones_left_out() {
        const DENSE: Layout = Layout::Parts(&[
            part("kernel", Layout::Tensor(&[2, 3])),
            part("bias", Layout::Tensor(&[0])),
        ]);
        const MODEL: Layout = Layout::Parts(&[
            part("block", Layout::Parts(&[part("dense", DENSE)])),
            part("scale", Layout::Tensor(&[4])),
        ]);
        let found = entries("ema", &MODEL, 10);
        let expected = [
            ("ema.block.dense.kernel", &[2, 3][..], 0, 6),
            ("ema.scale", &[4], 6, 4),
        ]
        .map(|(name, sizes, start, len)| Entry {
            name: name.to_owned(),
            sizes,
            start,
            len,
        });
        assert_eq!(found, expected);
        assert_eq!(entries("", &MODEL, 10)[1].name, "scale");
    }
}
