//! The errors of the shape rules, and their messages.

use super::mend::{mend_rank, mend_sequence, window_of_steps};
use super::{Bounds, Shape, Text};

/// The reason why a layer does not fit its input shape, or is invalid by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The layer takes an input of another rank.
    Rank {
        /// The input shape.
        found: Shape,
        /// The rank that it takes.
        expected: usize,
    },
    /// The layer takes features, or the features of each step.
    Features {
        /// The input shape.
        found: Shape,
    },
    /// A size is 0.
    Zero {
        /// The argument.
        argument: &'static str,
    },
    /// A window is larger than the image.
    Window {
        /// The argument that gives the window.
        argument: &'static str,
        /// The window.
        size: [usize; 2],
        /// The rows and columns that it covers.
        span: [usize; 2],
        /// The input shape.
        found: Shape,
    },
    /// The groups do not divide the channels or the filters.
    Groups {
        /// The number of groups.
        groups: usize,
        /// The number that they should divide.
        count: usize,
        /// `input channels`, `filters` or `channels`.
        of: &'static str,
    },
    /// A cropping leaves no steps, rows or columns.
    Cropping {
        /// How many are cut off before and after.
        cropping: [usize; 2],
        /// Their axis.
        axis: usize,
        /// The input shape.
        found: Shape,
    },
    /// The keys have another number of steps than the values.
    Keys {
        /// The shape of the values.
        values: Shape,
        /// The shape of the keys.
        keys: Shape,
    },
    /// `Dot` cannot sum over these axes, which count from 1.
    Dot {
        /// The first shape.
        a: Shape,
        /// The second shape.
        b: Shape,
        /// The axis of each shape.
        axes: [usize; 2],
    },
    /// There are fewer positions than steps.
    Positions {
        /// The number of positions.
        sequence_length: usize,
        /// The input shape.
        found: Shape,
    },
    /// The layer takes a row of tokens.
    Tokens {
        /// The input shape.
        found: Shape,
    },
    /// The vocabulary is larger than the number of `u16` values.
    Vocabulary {
        /// Its size.
        found: usize,
    },
    /// The dimensions of `Permute` do not name each dimension exactly once.
    Permutation {
        /// The input shape.
        found: Shape,
    },
    /// Strides together with dilation, which Keras rejects.
    StridesWithDilation,
    /// `Reshape` to another number of values.
    Reshape {
        /// The input shape.
        found: Shape,
        /// The product of the sizes that are given.
        product: usize,
        /// Whether one size is -1, to be inferred.
        open: bool,
    },
    /// The shapes of the values to be merged do not match.
    Merge {
        /// The shape of the first value.
        expected: Shape,
        /// The shape that differs.
        found: Shape,
        /// The first axis at which it differs, counted without the batch.
        axis: usize,
        /// Its index among the values.
        place: usize,
        /// Whether the sizes along one axis are added.
        concatenates: bool,
    },
    /// A shape does not have this axis.
    Axis {
        /// The axis, counted with the batch.
        axis: isize,
        /// The shape.
        found: Shape,
    },
    /// The number of values overflows the address space.
    Overflow,
    /// A number is not valid for the argument.
    Bounds {
        /// The argument.
        argument: &'static str,
        /// The numbers that are valid.
        bounds: Bounds,
    },
    /// The lower end of a range of angles is above its upper end.
    Range,
    /// A softmax over one value.
    SingleSoftmax,
    /// An axis of odd size, where it is halved.
    Odd {
        /// The input shape.
        found: Shape,
    },
}

impl Fault {
    /// Whether the layer is invalid by itself, whatever its input shape.
    pub const fn is_own(&self) -> bool {
        matches!(
            self,
            Self::Zero { .. }
                | Self::StridesWithDilation
                | Self::Bounds { .. }
                | Self::Range
                | Self::Vocabulary { .. }
        )
    }

    /// The name of the argument that is wrong, or an empty string if the layer as a whole is wrong.
    pub const fn argument(&self) -> &'static str {
        match self {
            Self::Zero { argument }
            | Self::Window { argument, .. }
            | Self::Bounds { argument, .. } => argument,
            Self::Groups { .. } => "groups",
            Self::StridesWithDilation => "dilation_rate",
            Self::Range => "factor",
            Self::SingleSoftmax | Self::Odd { .. } => "activation",
            Self::Axis { .. } => "axis",
            Self::Cropping { .. } => "cropping",
            Self::Permutation { .. } => "dims",
            Self::Positions { .. } => "sequence_length",
            Self::Vocabulary { .. } => "input_dim",
            Self::Dot { .. } => "axes",
            Self::Merge { .. }
            | Self::Tokens { .. }
            | Self::Keys { .. }
            | Self::Rank { .. }
            | Self::Features { .. }
            | Self::Reshape { .. }
            | Self::Overflow => "",
        }
    }

    /// The message: what was found, what was expected, and how to fix it. `declared` is the layer as written,
    /// `previous` the layer before it.
    pub const fn text(&self, declared: &str, previous: &str) -> Text {
        let text = Text::new();
        match *self {
            Self::Rank { found, expected } => {
                let text = text
                    .str("`")
                    .str(kind(declared))
                    .str("` takes a rank-")
                    .number(expected)
                    .str(" input, found ")
                    .shape(found);
                let text = text.origin(found, previous);
                if expected == 2 {
                    return mend_sequence(text, found, declared, previous);
                }
                mend_rank(text, found.rank(), expected, declared)
            }
            Self::Features { found } => {
                let text = text
                    .str("`")
                    .str(kind(declared))
                    .str("` takes a rank-1 or rank-2 input, found ")
                    .shape(found);
                mend_rank(text.origin(found, previous), found.rank(), 1, declared)
            }
            Self::Zero { argument } => {
                let sizes = matches!(argument.as_bytes(), b"shape" | b"target_shape");
                let text = if sizes {
                    text.str("a size")
                } else {
                    text.str("`").str(argument).str("`")
                };
                text.str(" of `")
                    .str(kind(declared))
                    .str("` is 0, expected at least 1")
                    .help("remove the 0, or write the size that is meant")
            }
            Self::Window {
                argument,
                size,
                span,
                found,
            } => {
                let kernel = matches!(argument.as_bytes(), b"kernel_size");
                let word = if kernel { "kernel" } else { "pool" };
                if found.rank() == 2 {
                    return window_of_steps(text, word, [size[1], span[1]], found, previous);
                }
                let image = [found.dim(0), found.dim(1)];
                let dilated = span[0] != size[0] || span[1] != size[1];
                let text = text.str(word).str(" ").window(size);
                let text = if dilated {
                    text.str(", dilated to ").window(span).str(",")
                } else {
                    text
                };
                let text = text
                    .str(" does not fit the ")
                    .window(image)
                    .str(" input under `valid` padding")
                    .origin(found, previous);
                if dilated {
                    text.help("write `same`, or a smaller `dilation_rate`")
                } else {
                    text.help("write `same`, or a ")
                        .str(word)
                        .str(" of at most ")
                        .window(image)
                }
            }
            Self::Groups { groups, count, of } => {
                let text = text
                    .number(groups)
                    .str(" groups do not divide ")
                    .number(count)
                    .str(" ")
                    .str(of);
                let text = match of.as_bytes() {
                    b"channels" => text.note("`groups` is 32 by default, as in Keras"),
                    _ => text.note(
                        "each group takes the same number of channels to the same number of filters",
                    ),
                };
                text.help("write a number of groups that divides ")
                    .number(count)
            }
            Self::Cropping {
                cropping,
                axis,
                found,
            } => {
                let [many, one] = match (found.rank(), axis) {
                    (3, 0) => ["rows", "row"],
                    (3, _) => ["columns", "column"],
                    _ => ["steps", "step"],
                };
                text.str("`")
                    .str(declared)
                    .str("` cuts off ")
                    .number(cropping[0].saturating_add(cropping[1]))
                    .str(" ")
                    .str(many)
                    .str(", found ")
                    .number(found.dim(axis))
                    .origin(found, previous)
                    .help("cut off fewer ")
                    .str(many)
                    .str(", so that at least 1 ")
                    .str(one)
                    .str(" is left")
            }
            Self::Tokens { found } => text
                .str("`")
                .str(kind(declared))
                .str("` takes a row of tokens, found ")
                .shape(found)
                .origin(found, previous)
                .help("declare one row: `Input(")
                .number(found.len())
                .str(", dtype = token)`"),
            Self::Vocabulary { found } => text
                .str("the vocabulary of `")
                .str(kind(declared))
                .str("` has ")
                .number(found)
                .str(" tokens, expected at most ")
                .number(super::MAX_VOCABULARY)
                .note("a token is a `u16`")
                .help("keep the most frequent words, and one token for all others"),
            Self::Permutation { found } => {
                let text = text
                    .str("`")
                    .str(declared)
                    .str("` does not name each dimension of ")
                    .shape(found)
                    .str(" once")
                    .origin(found, previous)
                    .note("as in Keras, the dimensions are counted from 1");
                match found.rank() {
                    1 => text.help("remove it: there is only one dimension"),
                    2 => text.help("write `Permute(2, 1)`"),
                    3 => text.help("write, for example, `Permute(2, 1, 3)`"),
                    _ => text.help("write, for example, `Permute(2, 1, 3, 4)`"),
                }
            }
            Self::Keys { values, keys } => text
                .str("the keys of `")
                .str(kind(declared))
                .str("` have ")
                .number(keys.dim(0))
                .str(" steps, expected the ")
                .number(values.dim(0))
                .str(" of its values")
                .note("each key belongs to one value")
                .help("compute both from the same sequence"),
            Self::Dot { a, b, axes } => {
                let text = text
                    .str("`")
                    .str(kind(declared))
                    .str("` sums over axis ")
                    .number(axes[0])
                    .str(" of ")
                    .shape(a)
                    .str(" and axis ")
                    .number(axes[1])
                    .str(" of ")
                    .shape(b)
                    .str(", expected axes of the same size");
                if matches!(kind(declared).as_bytes(), b"Dot") {
                    text.note("as in Keras axis 0 is the batch, and values have 1 or 2 other axes")
                        .help("write an axis of each: `axes = (2, 1)`")
                } else {
                    text.note("a score is the product of a query and a key")
                        .help("give both the same number of features: `=> Dense(n)`")
                }
            }
            Self::Positions { sequence_length, found } => text
                .str("`")
                .str(declared)
                .str("` has ")
                .number(sequence_length)
                .str(" positions, found ")
                .number(found.dim(0))
                .str(" steps")
                .origin(found, previous)
                .help("leave `sequence_length` out, or write at least ")
                .number(found.dim(0)),
            Self::StridesWithDilation => text
                .str("`strides` and `dilation_rate` above 1 do not go together")
                .note("Keras refuses the pair too")
                .help("remove one of them"),
            Self::Reshape { found, product, open } => {
                let text = text
                    .str("`")
                    .str(declared)
                    .str(if open { "` holds a multiple of " } else { "` holds " })
                    .number(product)
                    .str(" values, found ")
                    .number(found.len())
                    .origin(found, previous);
                if open {
                    text.help("write sizes whose product divides ").number(found.len())
                } else {
                    text.help("write sizes whose product is ")
                        .number(found.len())
                        .str(", or -1 for one that is inferred from the others")
                }
            }
            Self::Merge { expected, found, axis, concatenates, .. } => {
                let (kind, blocks) = (kind(declared), is_residual(declared));
                let text = if blocks {
                    text.str("the branches of `Residual` end in ")
                } else if concatenates {
                    text.str("`").str(kind).str("` takes shapes that differ along its axis only, found ")
                } else {
                    text.str("`").str(kind).str("` takes equal shapes, found ")
                };
                let text = text.shape(expected).str(" and ").shape(found);
                if expected.rank() != found.rank() {
                    return text
                        .note("they have ")
                        .number(expected.rank())
                        .str(" and ")
                        .number(found.rank())
                        .str(" dimensions")
                        .help("give both the same rank: `Flatten`, `GlobalAveragePooling2D` or `Reshape`");
                }
                let (a, b) = (expected.extent(axis), found.extent(axis));
                // As in Keras, axis 0 is the batch.
                let text = text.note("along axis ").number(axis + 1).str(" the second has ");
                let text = if b > a {
                    text.number(b - a).str(" more")
                } else {
                    text.number(a - b).str(" less")
                };
                if blocks && expected.rank() == 1 {
                    text.help("give both the same shape: `shortcut = Dense(n)` changes features")
                } else if blocks {
                    text.help("give both the same shape: `shortcut = Conv2D(n, 1x1)` changes channels, and with `strides` rows and columns")
                } else if concatenates {
                    text.help("make both ").number(a).str(" or both ").number(b)
                } else {
                    text.help("make both ")
                        .number(a)
                        .str(" or both ")
                        .number(b)
                        .str(", or join them by `Concatenate`")
                }
            }
            Self::Axis { axis, found } => {
                let text = text.str("`axis` is ");
                let text = if axis < 0 { text.str("-") } else { text };
                let text = text
                    .number(axis.unsigned_abs())
                    .str(", expected an axis of ")
                    .shape(found);
                let text = if axis == 0 {
                    text.note("as in Keras axis 0 is the batch")
                } else {
                    text
                };
                if found.rank() == 1 {
                    return text.help("write -1, the only one");
                }
                text.help("write 1 to ")
                    .number(found.rank())
                    .str(", or -1 for the last one")
            }
            Self::Odd { found } => text
                .str("`glu` halves the last axis, found ")
                .number(found.last())
                .str(" values along it")
                .origin(found, previous)
                .help("give it an even number, such as ")
                .number(found.last().saturating_add(1)),
            Self::Overflow => text
                .str("`")
                .str(declared)
                .str("` holds more values than `usize` can address")
                .help("write smaller sizes"),
            Self::Bounds { argument, bounds } => {
                let text = text
                    .str("`")
                    .str(argument)
                    .str("` of `")
                    .str(declared)
                    .str("` is out of range, expected ")
                    .str(bounds.text());
                let text = match (argument.as_bytes(), bounds) {
                    (b"rate", _) => text.note("the rate is the fraction of the values that are dropped"),
                    (_, Bounds::Turn) if matches!(kind(declared).as_bytes(), b"RandomRotation") => text.note("an angle is a fraction of a full turn"),
                    _ => text,
                };
                let example = match (argument.as_bytes(), bounds) {
                    (b"epsilon", _) => "0.001`",
                    (b"momentum", _) => "0.99`",
                    (b"max_value", _) => "6`",
                    (_, Bounds::Finite | Bounds::Positive | Bounds::Share | Bounds::ShareBelow1) => "0.5`",
                    (_, Bounds::NotNegative | Bounds::Turn) => "0.1`",
                };
                text.help("write, for example, `").str(argument).str(" = ").str(example)
            }
            Self::Range => text
                .str("the lower end of `")
                .str(declared)
                .str("` is above its upper end")
                .help("write the lower angle first: `RandomRotation(-0.2, 0.2)`"),
            Self::SingleSoftmax => text
                .str("`softmax` over 1 value is always 1, expected at least 2")
                .help("write `sigmoid` for two classes in one value, or give each class its unit: `Dense(2, softmax)`"),
        }
    }
}

impl Text {
    pub(super) const fn origin(self, shape: Shape, previous: &str) -> Self {
        let text = self.note("").shape(shape);
        // The layer that comes before a layer that is applied to each step.
        match previous.as_bytes() {
            [b'a', b' ', b's', b't', b'e', b'p', b' ', ..] => {
                text.str(" is ").str(previous).str("`")
            }
            _ => text.str(" is the output of `").str(previous).str("`"),
        }
    }
}

/// `Dense` of `Dense(64, relu)`.
pub(super) const fn kind(declared: &str) -> &str {
    let bytes = declared.as_bytes();
    let mut end = 0;
    while end < bytes.len() && bytes[end] != b'(' {
        end += 1;
    }
    declared.split_at(end).0
}

const fn is_residual(declared: &str) -> bool {
    matches!(kind(declared).as_bytes(), b"Residual")
}
