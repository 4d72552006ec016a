//! Tables.
#![no_main]

use kerust::Rank1;
use kerust::data::Class;
use kerust::data::csv::Table;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for headers in [false, true] {
        let Ok(table) = Table::options().headers(headers).parse(bytes) else {
            continue;
        };
        drop(table.column::<f32>(0));
        let Some(last) = table.width().checked_sub(1) else {
            continue;
        };
        let labelled = table
            .columns([0, 1])
            .fill_missing_with_median()
            .labels(last);
        drop(labelled.dataset::<Rank1<2>, Rank1<1>>());
        let classes = table.columns([0]).class_labels(last, ["a", "b", "c"]);
        drop(classes.dataset::<Rank1<1>, Class<3>>());
    }
});
