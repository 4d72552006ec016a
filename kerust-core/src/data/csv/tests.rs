use super::*;
use crate::data::{Binary, Class, Dataset};
use crate::rng::Seed;
use crate::tensor::{Rank1, Rank2};
use rand::RngExt;

const RISK: &str = "age,income,city,defaulted\n31,40.5,north,0\n25,,south,1\n40,20.5,west,0\n";

fn risk(text: &str) -> Result<Dataset<Rank1<5>, Binary>> {
    let table = Table::parse(text)?;
    let inputs = table.columns(["age", "income"]).fill_missing_with_mean();
    let inputs = inputs.one_hot("city", ["north", "south", "west"]);
    inputs.labels("defaulted").dataset()
}

fn fault(text: impl AsRef<[u8]>) -> String {
    Table::parse(text).unwrap_err().to_string()
}

#[test]
fn a_table_becomes_samples() {
    let data = risk(RISK).unwrap();
    assert_eq!(data.len(), 3);
    assert_eq!(data.input(1).as_slice(), [25.0, 30.5, 0.0, 1.0, 0.0]);
    assert_eq!(data.input(2).as_slice(), [40.0, 20.5, 0.0, 0.0, 1.0]);
    assert!(data.label(1).is_positive());
}

#[test]
fn quotes_line_ends_blanks_and_a_byte_order_mark_are_read() {
    let expected = risk(RISK).unwrap();
    let same = |text: String| {
        let data = risk(&text).unwrap();
        assert_eq!(data.len(), expected.len());
        for i in 0..data.len() {
            assert_eq!(data.input(i), expected.input(i));
        }
    };
    same(RISK.replace('\n', "\r\n"));
    same(RISK.replace('\n', "\r"));
    same(RISK.replace('\n', "\n\n\r\n"));
    same(RISK.trim_end().to_owned());
    same(format!("\u{feff}{RISK}"));
    same(RISK.replace("north", "\"north\"").replace(",,", ", NA ,"));
    same(RISK.replace(',', " , "));
    let quoted = Table::parse("name,n\n\"a \"\"b\"\", c\nd\",1\n").unwrap();
    assert_eq!(quoted.column::<String>("name").unwrap(), ["a \"b\", c\nd"]);
    let other = Table::options()
        .delimiter(';')
        .headers(false)
        .parse("1;2\n3;4\n")
        .unwrap();
    assert_eq!(other.column::<u8>(1).unwrap(), [2, 4]);
    assert!(other.headers().is_empty());
}

#[test]
fn a_hostile_file_is_refused_with_its_line() {
    let cases: [(&[u8], &str); 9] = [
        (
            b"",
            "is empty, expected a line of headers; `Table::options().headers(false)` reads a file without them",
        ),
        (b"a,b\n1,2\n3\n", "has 1 value in line 3, expected 2"),
        (b"a,b\n\n1,2\n3,4,5\n", "has 3 values in line 4, expected 2"),
        (b"a,b\n\"1\n1\",2\n3\n", "has 1 value in line 4, expected 2"),
        (b"a,b\r1,2\r3\r", "has 1 value in line 3, expected 2"),
        (
            b"a,b\n1,\"2\n3,4\n",
            "has a quote in line 2 that is never closed",
        ),
        (
            b"a,b\n1,2\n\"3\" 4,5\n",
            "has a value in line 3 that continues after its closing quote; a quote in a quoted value is written twice",
        ),
        (b"a,b\n1,2\n3,\xff\n", "is not UTF-8 in line 3, column 1"),
        (b"\xff\xfea\0,\0b\0", "is UTF-16, expected UTF-8"),
    ];
    for (text, expected) in cases {
        assert_eq!(fault(text), format!("the table {expected}"));
    }
}

#[test]
fn a_value_that_does_not_fit_is_named_by_line_and_column() {
    let fault = |from: &str, to: &str| risk(&RISK.replace(from, to)).unwrap_err().to_string();
    for (found, expected) in [
        ("abc", "a number"),
        ("inf", "a finite number"),
        ("-Infinity", "a finite number"),
        ("1e999", "a finite number"),
        ("1e39", "a number that `f32` can hold"),
        ("\"40,5\"", "a number with a decimal point"),
        ("0x10", "a number"),
    ] {
        let text = found.trim_matches('"');
        assert_eq!(
            fault("40.5", found),
            format!("the table has `{text}` in line 2, column `income`, expected {expected}")
        );
    }
    let missing = "; numbers are filled by `.fill_missing_with_mean()` or `.fill_missing(0.0)` after their \
                   `columns`, and `.drop_missing()` leaves such rows out";
    assert_eq!(
        fault("south", "nan"),
        format!("the table has no value in line 3, column `city` (found `nan`){missing}")
    );
    assert_eq!(
        fault("south", "east"),
        "the table has `east` in line 3, column `city`, expected one of `north`, `south`, `west`"
    );
    assert_eq!(
        fault("west,0", "west,2"),
        "the table has `2` in line 4, column `defaulted`, expected 0 or 1; \
         names are given by `.class_labels(column, [no, yes])`"
    );
    assert_eq!(
        fault("west,0", "west,"),
        format!("the table has no value in line 4, column `defaulted`{missing}")
    );
    let table = Table::parse(RISK).unwrap();
    let outcome = table
        .columns(1)
        .labels("defaulted")
        .dataset::<Rank1<1>, Binary>();
    assert_eq!(
        outcome.unwrap_err().to_string(),
        format!("the table has no value in line 3, column `income`{missing}")
    );
    let error = table.column::<u8>("income").unwrap_err().to_string();
    assert_eq!(
        error,
        "the table has `40.5` in line 2, column `income`, expected u8"
    );
}

#[test]
fn columns_that_are_not_there_are_named_with_those_that_are() {
    let table = Table::parse("a,b,a\n1,2,3\n").unwrap();
    let fault = |columns: &[&str]| {
        let outcome = table
            .columns(columns)
            .labels("b")
            .dataset::<Rank1<1>, Rank1<1>>();
        outcome.unwrap_err().to_string()
    };
    assert_eq!(
        fault(&["c"]),
        "the table has no column `c`, found `a`, `b`, `a`"
    );
    assert_eq!(
        fault(&["a"]),
        "the table has the header `a` over the columns 0 and 2; name one by its number"
    );
    assert_eq!(
        fault(&["b", "b"]),
        "the table gives 2 values for each row (`b`, `b`), expected 1 for the inputs"
    );
    let error = table.column::<u8>(3).unwrap_err().to_string();
    assert_eq!(
        error,
        "the table has no column 3: there are 3 columns, counted from 0"
    );
    let both: Dataset<Rank2<2, 1>, Rank1<2>> =
        table.columns([0, 2]).labels(1..3).dataset().unwrap();
    assert_eq!(both.input(0).as_slice(), [1.0, 3.0]);
    assert_eq!(both.label(0).as_slice(), [2.0, 3.0]);
}

#[test]
fn missing_values_are_filled_or_dropped() {
    let table = Table::parse("a,b\n1,9\nNA,8\n3,7\n8,6\n,5\n").unwrap();
    let values = |columns: Columns<'_>| {
        let data: Dataset<Rank1<1>, Rank1<1>> = columns.labels("b").dataset().unwrap();
        data.iter().map(|(x, _)| x[0]).collect::<Vec<f32>>()
    };
    assert_eq!(
        values(table.columns("a").fill_missing(-1.0)),
        [1.0, -1.0, 3.0, 8.0, -1.0]
    );
    assert_eq!(
        values(table.columns("a").fill_missing_with_mean()),
        [1.0, 4.0, 3.0, 8.0, 4.0]
    );
    assert_eq!(
        values(table.columns("a").fill_missing_with_median()),
        [1.0, 3.0, 3.0, 8.0, 3.0]
    );
    assert_eq!(values(table.columns("a").drop_missing()), [1.0, 3.0, 8.0]);
    let even = Table::parse("a,b\n1,9\n4,8\n,7\n").unwrap();
    assert_eq!(
        values(even.columns("a").fill_missing_with_median()),
        [1.0, 4.0, 2.5]
    );
    let none = Table::parse("a,b\n,1\n").unwrap();
    let outcome = none
        .columns("a")
        .fill_missing_with_mean()
        .labels("b")
        .dataset::<Rank1<1>, Rank1<1>>();
    assert_eq!(
        outcome.unwrap_err().to_string(),
        "the table has no value in column `a` to fill the others with"
    );
    // A category that looks like a missing value is still a category.
    let text = Table::parse("a,b\nNA,1\nEU,2\n").unwrap();
    let data: Dataset<Rank1<2>, Rank1<1>> = text
        .one_hot("a", ["EU", "NA"])
        .labels("b")
        .dataset()
        .unwrap();
    assert_eq!(data.input(0).as_slice(), [0.0, 1.0]);
}

#[test]
fn labels_may_be_names() {
    let table = Table::parse("x,kind\n1,setosa\n2,virginica\n").unwrap();
    let names = ["setosa", "versicolor", "virginica"];
    let data: Dataset<Rank1<1>, Class<3>> = table
        .columns("x")
        .class_labels("kind", names)
        .dataset()
        .unwrap();
    assert_eq!(data.label(1).index(), 2);
    assert_eq!(data.class_names(), names);
    let fault = |outcome: Result<Dataset<Rank1<1>, Class<3>>>| outcome.unwrap_err().to_string();
    assert_eq!(
        fault(
            table
                .columns("x")
                .class_labels("kind", ["setosa", "virginica"])
                .dataset()
        ),
        "the table `class_labels` names 2 classes (`setosa`, `virginica`), expected 3 for the labels"
    );
    assert_eq!(
        fault(table.columns("x").labels("kind").dataset()),
        "the table has `setosa` in line 2, column `kind`, expected a class: a whole number from 0 to 2; \
         names are given by `.class_labels(column, [..])`"
    );
    assert_eq!(
        fault(
            table
                .columns("x")
                .class_labels("kind", ["a", "b", "a"])
                .dataset()
        ),
        "the table `class_labels` names `a` twice, expected each category once"
    );
}

#[test]
fn a_table_without_rows_makes_no_data_set() {
    assert_eq!(
        risk("age,income,city,defaulted\n").unwrap_err().to_string(),
        "the table has no rows"
    );
}

#[test]
fn no_text_makes_the_reader_panic() {
    let mut rng = Seed(3).rng();
    let letters = b"ab1,;\"\n\r \xef\xbb\xbf\xff.-enai\0";
    for _ in 0..20_000 {
        let len = rng.random_range(0..40);
        let text: Vec<u8> = (0..len)
            .map(|_| letters[rng.random_range(0..letters.len())])
            .collect();
        if let Ok(table) = Table::options().headers(rng.random_bool(0.5)).parse(&text) {
            let _ = table
                .columns(0)
                .fill_missing_with_mean()
                .labels(0)
                .dataset::<Rank1<1>, Class<2>>();
            let _ = table
                .one_hot(0, ["a"])
                .drop_missing()
                .labels(1)
                .dataset::<Rank1<1>, Binary>();
        }
    }
}
