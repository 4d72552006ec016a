//! What stands between a layer's parentheses.

use crate::ast::Argument;
use crate::report::Report;
use crate::value;
use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;

pub fn arguments(tokens: TokenStream, report: &mut Report) -> Vec<Argument> {
    let mut arguments = Vec::new();
    let mut written = TokenStream::new();
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => {
                if written.is_empty() {
                    report
                        .fault(
                            punct,
                            "nothing stands before this comma, expected an argument",
                        )
                        .help("remove the comma");
                }
                arguments.extend(argument(std::mem::take(&mut written), report));
            }
            _ => written.extend([token]),
        }
    }
    arguments.extend(argument(written, report));
    arguments
}

fn argument(tokens: TokenStream, report: &mut Report) -> Option<Argument> {
    let mut rest = tokens.clone().into_iter();
    let (Some(first), second) = (rest.next(), rest.next()) else {
        return None;
    };
    let named = matches!(&second, Some(TokenTree::Punct(punct))
        if matches!(punct.as_char(), '=' | ':') && punct.spacing() == proc_macro2::Spacing::Alone);
    let (TokenTree::Ident(name), true) = (&first, named) else {
        return Some(Argument {
            keyword: None,
            value: value::read(tokens, report),
        });
    };
    let given: TokenStream = rest.collect();
    if second
        .as_ref()
        .is_some_and(|token| token.to_string() == ":")
    {
        report
            .fault(&second, "found `:` behind an argument's name, expected `=`")
            .help(format!("write `{name} = {}`", value::text(&given)));
    }
    if given.is_empty() {
        report
            .fault(&tokens, format!("`{name}` has no value"))
            .help(format!("write `{name} = ..`"));
        return None;
    }
    Some(Argument {
        keyword: Some(name.unraw()),
        value: value::read(given, report),
    })
}
