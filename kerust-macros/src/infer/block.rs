//! Layers that contain layers.

use super::{Activation, ChainEnd, Infer};
use crate::ast::{self, Block, ValueKind};
use crate::value::text;
use proc_macro2::Ident;
use quote::format_ident;

/// Their names.
pub const NAMES: [&str; 4] = ["Residual", "Repeat", "Bidirectional", "TimeDistributed"];

impl Infer<'_> {
    pub(super) fn block(
        &mut self,
        layer: &ast::Layer,
        block: &Block,
        place: &ChainEnd,
        last: bool,
    ) -> (ChainEnd, Option<Activation>) {
        match block {
            Block::Residual { main, shortcut } => {
                let (main, _) = self.follow(&main.layers, place.clone(), false);
                let skip = match shortcut {
                    None => place.clone(),
                    Some(chain) => self.follow(&chain.layers, place.clone(), false).0,
                };
                (self.residual(layer, main, skip), None)
            }
            Block::Wrapper { inner } => self.wrapper(layer, inner, (place, &[]), last),
            Block::Repeat { count, chain } => {
                let count = match count.kind {
                    ValueKind::Integer(count) if count > 0 => count,
                    ValueKind::Faulty => return (place.unknown("Repeat"), None),
                    _ => {
                        let found = text(&count.tokens);
                        self.diagnostics
                            .fault(
                                &count.tokens,
                                format!("`Repeat` takes a number of at least 1, found `{found}`"),
                            )
                            .note("each repetition is a layer with its own name")
                            .help("write how often: `Repeat(3, Dense(64, relu))`");
                        return (place.unknown("Repeat"), None);
                    }
                };
                self.repeat(count, chain, place, last)
            }
        }
    }

    fn repeat(
        &mut self,
        count: i128,
        chain: &ast::Chain,
        place: &ChainEnd,
        last: bool,
    ) -> (ChainEnd, Option<Activation>) {
        let (mut place, mut head) = (place.clone(), None);
        let outer = self.repetition;
        let faults = self.diagnostics.len();
        for repetition in 0..count {
            self.repetition = outer * count as usize + repetition as usize;
            let last = last && repetition + 1 == count;
            (place, head) = self.follow(&chain.layers, place, last);
            // An error in one repetition would occur in all of them.
            if self.diagnostics.len() > faults {
                break;
            }
        }
        self.repetition = outer;
        (place, head)
    }

    /// The name that the user gave, for the current repetition.
    pub(super) fn repeated(&self, name: &Ident) -> Ident {
        match self.repetition {
            0 => name.clone(),
            number => format_ident!("{name}_{number}", span = name.span()),
        }
    }
}
