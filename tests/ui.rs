//! Mistakes that must not compile, and the compiler's message for each.
//!
//! `TRYBUILD=overwrite cargo test --test ui` regenerates the messages: review them as prose.

#[test]
fn faults_are_reported_where_they_are() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
    cases.compile_fail("tests/ui/*/*.rs");
}
