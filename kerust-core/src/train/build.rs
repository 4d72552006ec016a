//! A warning about builds without optimization.

use super::progress::Progress;
use std::sync::Once;

/// Warns once if kerust was built without optimization.
pub(super) fn warn_once(progress: &Progress) {
    static ONCE: Once = Once::new();
    if is_optimized() {
        return;
    }
    ONCE.call_once(|| progress.warn(WARNING));
}

const WARNING: &str = "\
kerust was built without optimization and trains some 50 times slower: run with `cargo run --release`,
or put these lines into the `Cargo.toml` of the workspace:

[profile.dev.package.kerust-core]
opt-level = 3
";

/// Whether the compiler optimized this crate. `build.rs` gets the level from Cargo; debug assertions can be
/// enabled in an optimized build too.
fn is_optimized() -> bool {
    env!("KERUST_OPT_LEVEL") != "0"
}
