//! Mistakes that must not compile, and what the compiler says of each.
//!
//! `TRYBUILD=overwrite cargo test --test ui` writes the messages anew: read them as prose.

#[test]
fn faults_are_reported_where_they_are() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
    cases.compile_fail("tests/ui/*/*.rs");
}
