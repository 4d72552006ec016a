//! Limits on the size of a model. A larger model is a mistake, and would take hours to compile.

use crate::ast::{Block, Body, Chain, Model, Outputs, ValueKind};
use crate::diagnostics::Diagnostics;
use crate::value::short;
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;

/// The maximum number of layers, counting each repetition.
pub const MAX_LAYERS: usize = 4096;

/// The maximum nesting depth of parentheses.
pub const MAX_DEPTH: usize = 64;

/// The first token that is nested deeper than [`MAX_DEPTH`].
pub fn too_deep(tokens: &TokenStream) -> Option<TokenTree> {
    let mut level = tokens.clone();
    for _ in 0..=MAX_DEPTH {
        level = level
            .into_iter()
            .filter_map(|token| match token {
                TokenTree::Group(group) => Some(group.stream()),
                _ => None,
            })
            .collect();
    }
    level.into_iter().next()
}

/// Reports a model with too many layers, and removes the excess ones.
pub fn limit(model: &mut Model, diagnostics: &mut Diagnostics) {
    let mut left = MAX_LAYERS;
    let chains: Vec<&mut Chain> = match &mut model.body {
        Body::Chain(chain) => vec![chain],
        Body::Graph(graph) => {
            let lets = graph.lets.iter_mut().map(|it| &mut it.chain);
            match &mut graph.outputs {
                Outputs::Chain(chain) => lets.chain([chain]).collect(),
                _ => lets.collect(),
            }
        }
    };
    for chain in chains {
        if let Err(TooMany) = count(chain, 1, &mut left, diagnostics) {
            return;
        }
    }
}

/// The error has been reported.
struct TooMany;

/// Counts the layers of a chain that occurs `times` times in the model.
fn count(
    chain: &mut Chain,
    times: usize,
    left: &mut usize,
    diagnostics: &mut Diagnostics,
) -> Result<(), TooMany> {
    for number in 0..chain.layers.len() {
        let layer = &mut chain.layers[number];
        let Some(block) = &mut layer.block else {
            if let Some(fewer) = left.checked_sub(times) {
                *left = fewer;
                continue;
            }
            fault(layer.ident().to_token_stream(), diagnostics);
            chain.layers.truncate(number);
            return Err(TooMany);
        };
        let counted = match block {
            Block::Residual { main, shortcut } => {
                count(main, times, left, diagnostics).and_then(|()| match shortcut {
                    Some(chain) => count(chain, times, left, diagnostics),
                    None => Ok(()),
                })
            }
            Block::Wrapper { inner } => count(inner, times, left, diagnostics),
            Block::Repeat {
                count: given,
                chain,
            } => {
                let repetitions = match given.kind {
                    ValueKind::Integer(number) if number > 0 => {
                        usize::try_from(number).unwrap_or(usize::MAX)
                    }
                    _ => 1,
                };
                // A repetition of nothing takes time too.
                let times = times.saturating_mul(repetitions.max(1));
                if times > *left {
                    fault(given.tokens.clone(), diagnostics);
                    given.kind = ValueKind::Faulty;
                    return Err(TooMany);
                }
                count(chain, times, left, diagnostics)
            }
        };
        counted?;
    }
    Ok(())
}

fn fault(tokens: TokenStream, diagnostics: &mut Diagnostics) {
    let found = short(&tokens);
    // A layer from a macro may have no tokens of the user.
    let at = match tokens.is_empty() {
        true => proc_macro2::Ident::new("layers", Span::call_site()).to_token_stream(),
        false => tokens,
    };
    diagnostics
        .fault(
            at,
            format!("`{found}` makes the model larger than {MAX_LAYERS} layers, the most that it may have"),
        )
        .help("each layer adds a field and code: write fewer, or several models");
}
