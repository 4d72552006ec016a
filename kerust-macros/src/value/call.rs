//! Words with parentheses behind them.

use proc_macro2::{TokenStream, TokenTree};

/// `l1_l2(0.01, l2 = 0.02)`: a name, and what stands in its parentheses.
pub struct Call {
    pub name: String,
    /// The names, where they are written, and the values.
    pub arguments: Vec<(Option<String>, Vec<TokenTree>)>,
}

impl Call {
    /// Reads a word, alone or with parentheses behind it; `None` where it is something else.
    pub fn read(tokens: &TokenStream) -> Option<Self> {
        let mut trees = tokens.clone().into_iter();
        let Some(TokenTree::Ident(name)) = trees.next() else {
            return None;
        };
        let inside: Vec<TokenTree> = match trees.next() {
            None => Vec::new(),
            Some(TokenTree::Group(group)) if trees.next().is_none() => {
                group.stream().into_iter().collect()
            }
            _ => return None,
        };
        let is_punct = |tree: &TokenTree, sign: char| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == sign);
        let parts = inside.split(|tree| is_punct(tree, ','));
        let arguments = parts
            .filter(|part| !part.is_empty())
            .map(|part| match part {
                [TokenTree::Ident(name), equals, value @ ..] if is_punct(equals, '=') => {
                    (Some(name.to_string()), value.to_vec())
                }
                value => (None, value.to_vec()),
            });
        Some(Self {
            name: name.to_string(),
            arguments: arguments.collect(),
        })
    }

    /// The values of these parameters; `None` where one is unknown or given twice, or they are too many.
    pub fn bind<const N: usize>(&self, parameters: [&str; N]) -> Option<[Option<&[TokenTree]>; N]> {
        let mut bound = [None; N];
        for (place, (name, value)) in self.arguments.iter().enumerate() {
            let place = match name {
                Some(name) => parameters.iter().position(|parameter| parameter == name)?,
                None => place,
            };
            let slot = bound.get_mut(place)?;
            if slot.replace(&value[..]).is_some() {
                return None;
            }
        }
        Some(bound)
    }
}
