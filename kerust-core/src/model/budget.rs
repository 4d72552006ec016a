//! `#[budget(..)]`: limits on the size of a model, checked at compile time.

use super::{LayerInfo, Model};
use crate::memory::WORD_BYTES;
use crate::shape::Text;

/// The quantity that a budget limits.
#[derive(Clone, Copy)]
pub enum Limit {
    /// Bytes of weights.
    Flash,
    /// Bytes of the arena, the input and the output.
    Ram,
    /// Multiply-adds of one inference.
    Macs,
}

/// A limit, and the model's values to compare with it.
#[derive(Clone, Copy)]
pub struct Budget {
    limit: Limit,
    amount: usize,
    written: &'static str,
    needed: usize,
    /// The size of the input and the output in bytes.
    ends: usize,
    model: &'static str,
    layers: &'static [LayerInfo],
}

impl Budget {
    /// A budget of `amount`, written as `written` (`48 KiB`), for a model that needs `needed`.
    pub const fn new<M: Model>(
        limit: Limit,
        amount: usize,
        written: &'static str,
        needed: usize,
    ) -> Self {
        Self {
            limit,
            amount,
            written,
            needed,
            ends: match limit {
                Limit::Ram => needed - WORD_BYTES * M::ARENA_LEN,
                _ => 0,
            },
            model: M::NAME,
            layers: M::LAYERS,
        }
    }

    /// The index of the layer at which the budget is exceeded, or of the layer whose requirement is unknown.
    pub const fn exceeded_at(&self) -> Option<usize> {
        if let Limit::Macs = self.limit {
            let mut place = 0;
            while place < self.layers.len() {
                if self.layers[place].macs.is_none() {
                    return Some(place);
                }
                place += 1;
            }
        }
        if self.needed <= self.amount {
            return None;
        }
        let (mut place, mut together) = (0, 0);
        let (mut largest, mut peak) = (0, 0);
        while place < self.layers.len() {
            together = self.up_to(place, together);
            if together > self.amount {
                return Some(place);
            }
            if together > peak {
                (largest, peak) = (place, together);
            }
            place += 1;
        }
        // Gaps between the buffers count too, but belong to no layer.
        Some(largest)
    }

    /// Fails to compile, with the error on the caller's tokens of the layer with this index.
    #[track_caller]
    pub const fn refuse(&self, layer: usize) -> ! {
        panic!("{}", self.text(layer).as_str())
    }

    /// The total up to this layer: in RAM the layer's own value, otherwise added to the total `before` it.
    const fn up_to(&self, layer: usize, before: usize) -> usize {
        match self.limit {
            Limit::Ram => self.own(layer) + self.ends,
            Limit::Flash | Limit::Macs => self.own(layer) + before,
        }
    }

    /// The layer's own value.
    const fn own(&self, layer: usize) -> usize {
        let layer = &self.layers[layer];
        match self.limit {
            Limit::Flash => layer.weight_bytes,
            Limit::Ram => layer.arena_bytes,
            Limit::Macs => match layer.macs {
                Some(macs) => macs,
                None => 0,
            },
        }
    }

    const fn text(&self, layer: usize) -> Text<8192> {
        let (key, what, own, together) = match self.limit {
            Limit::Flash => ("flash", "bytes of flash", "weights", "so far"),
            Limit::Ram => ("ram", "bytes of RAM", "arena", "with input and output"),
            Limit::Macs => ("macs", "multiply-adds", "own", "so far"),
        };
        let unit = match self.limit {
            Limit::Macs => "",
            _ => " B",
        };
        if let (Limit::Macs, None) = (self.limit, self.layers[layer].macs) {
            let declared = self.layers[layer].declared;
            return Text::new()
                .str("the multiply-adds of `")
                .str(declared)
                .str("` are not known, and `macs = ")
                .str(self.written)
                .str("` limits them")
                .note("a custom layer states them itself")
                .help("write `const MACS: Option<usize> = Some(..);` in its `impl Layer`");
        }
        let text = Text::new()
            .str("`")
            .str(self.model)
            .str("` needs ")
            .number(self.needed)
            .str(" ")
            .str(what)
            .str(", expected at most ")
            .number(self.amount)
            .str(" (`")
            .str(key)
            .str(" = ")
            .str(self.written)
            .str("`)")
            .note("`")
            .str(self.layers[layer].declared)
            .str("` exceeds it: ")
            .str(what)
            .str(" layer by layer");
        self.table(text, layer, own, together)
            .help("make the layers smaller, or write `")
            .str(key)
            .str(" = ")
            .number(self.needed)
            .str(unit)
            .str("`")
    }

    /// One line for each layer. The line of `exceeding` is marked.
    const fn table(
        &self,
        mut text: Text<8192>,
        exceeding: usize,
        own: &str,
        together: &str,
    ) -> Text<8192> {
        let (mut names, mut place) = ("layer".len(), 0);
        while place < self.layers.len() {
            names = max(names, self.layers[place].name.len());
            place += 1;
        }
        let owns = max(own.len(), digits(self.needed));
        let togethers = max(together.len(), digits(self.needed));
        text = spaces(text.str("\n  layer"), names - "layer".len());
        text = spaces(text, 2 + owns - own.len()).str(own);
        text = spaces(text, 2 + togethers - together.len()).str(together);
        let mut sum = 0;
        place = 0;
        while place < self.layers.len() {
            let (name, own) = (self.layers[place].name, self.own(place));
            sum = self.up_to(place, sum);
            text = spaces(text.str("\n  ").str(name), names - name.len());
            text = spaces(text, 2 + owns - digits(own)).number(own);
            text = spaces(text, 2 + togethers - digits(sum)).number(sum);
            if place == exceeding {
                text = text.str(" <- over ").number(self.amount);
            }
            place += 1;
        }
        text
    }
}

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

const fn digits(number: usize) -> usize {
    match number.checked_ilog10() {
        Some(digits) => digits as usize + 1,
        None => 1,
    }
}

const fn spaces<const CAPACITY: usize>(mut text: Text<CAPACITY>, count: usize) -> Text<CAPACITY> {
    let mut place = 0;
    while place < count {
        text = text.str(" ");
        place += 1;
    }
    text
}
