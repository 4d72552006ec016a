//! How kerust was built.

use super::progress::Progress;
use std::sync::Once;

/// Says once that kerust was built without optimization, if it was.
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

/// Whether the compiler optimized this crate: `build.rs` has the level from Cargo. That a build checks
/// debug assertions says nothing about it.
fn is_optimized() -> bool {
    env!("KERUST_OPT_LEVEL") != "0"
}
