//! The `model!` language.
