//! Passes the optimization level to the crate, so that a training without optimization can print a warning.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let level = std::env::var("OPT_LEVEL").unwrap_or_default();
    println!("cargo::rustc-env=KERUST_OPT_LEVEL={level}");
}
