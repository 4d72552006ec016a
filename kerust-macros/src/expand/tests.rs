//! Snapshots of pretty-printed expansions. `INSTA_UPDATE=always` updates them.

use quote::quote;
use std::fs;
use std::path::Path;

fn pretty(tokens: proc_macro2::TokenStream) -> String {
    let expansion = super::model(tokens);
    let file = syn::parse2(expansion.clone());
    prettyplease::unparse(&file.unwrap_or_else(|error| panic!("{error}: {expansion}")))
}

fn keep(name: &str, tokens: proc_macro2::TokenStream) {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, pretty(tokens)));
}

#[test]
fn a_model_of_known_sizes() {
    keep(
        "known_sizes",
        quote! {
            /// Ten kinds of clothing from 28×28 grey pixels.
            pub Fashion:
                Input(28, 28, 1)
                => Rescaling(1.0 / 255.0)
                => Conv2D(10, 3x3, same)
                => Flatten
                => Dense(64, relu)
                => Dense(10, softmax)
        },
    );
}

#[test]
fn a_model_with_a_layer_of_ones_own_and_constant_sizes() {
    keep(
        "own_layers_and_constant_sizes",
        quote! {
            pub Custom:
                Input(FEATURES)
                => my::Affine
                => Dense({ 2 * UNITS }, gelu)
                => Dropout(0.5)
                => SimpleDense::<32>
                => Dense(3, softmax, name = sign)
        },
    );
}

#[test]
fn a_graph_of_two_inputs_and_two_outputs() {
    keep(
        "graph",
        quote! {
            pub Detector {
                let image = Input(24, 24, 1);
                let meta = Input(4);
                let features = image
                    => Conv2D(8, 3x3, strides = 2, same, relu)
                    => Block
                    => Residual(Conv2D(16, 3x3, strides = 2, same), shortcut = Conv2D(16, 1x1, strides = 2))
                    => GlobalAveragePooling2D;
                let joined = Concatenate(features, meta) => Dense(32, relu);
                let class = joined => Dense(3, softmax);
                let offset = joined => Dense(2);
                (class, offset)
            }
        },
    );
}

#[test]
fn a_model_with_weights_and_budgets() {
    keep(
        "weights_and_budgets",
        quote! {
            #[weights("iris.safetensors")]
            #[budget(flash = 2.5 KiB, macs = 1_000)]
            pub Iris: Input(4) => Dense(16, relu) => Dense(3, softmax)
        },
    );
}

#[test]
fn a_graph_of_tokens_masks_and_states() {
    keep(
        "values",
        quote! {
            pub Reader {
                let words = Input(6, dtype = token);
                let (x, mask) = words => my::Embed;
                let (_, state) = my::Cell(x, mask);
                state => Dense(2)
            }
        },
    );
}

#[test]
fn expansions_name_kerust_through_its_private_module_alone() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let others = public_paths(&source);
    assert!(others.is_empty(), "{others:#?}");
}

/// The lines of code below a folder that name an item of `kerust` outside `kerust::__private`.
fn public_paths(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(public_paths(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let lines = text.lines().filter(|line| {
                let root = concat!("::", "kerust::");
                let mut paths = line.split(root).skip(1);
                !line.trim_start().starts_with("//")
                    && paths.any(|rest| !rest.starts_with("__private::"))
            });
            found.extend(lines.map(|line| format!("{}: {}", path.display(), line.trim())));
        }
    }
    found
}
