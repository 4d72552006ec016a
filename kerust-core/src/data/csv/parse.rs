//! Parses bytes into rows of text.

use super::CsvFault;
use csv::{ByteRecord, ReaderBuilder, StringRecord};

/// A row with its line number.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The line on which it begins, from 1.
    pub(super) line: u64,
    values: StringRecord,
}

impl Row {
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// A value without leading and trailing white space.
    pub(super) fn get(&self, column: usize) -> &str {
        self.values.get(column).unwrap_or_default().trim()
    }
}

/// The headers, if the first row contains them, and the rows.
pub(super) fn rows(
    bytes: &[u8],
    delimiter: u8,
    headers: bool,
) -> Result<(Option<Vec<String>>, Vec<Row>), CsvFault> {
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] = bytes {
        return Err(CsvFault::Utf16);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    check_quotes(bytes, delimiter)?;
    let mut reader = ReaderBuilder::new();
    let reader = reader
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true);
    let mut reader = reader.from_reader(bytes);
    let mut lines = Lines::default();
    let (mut names, mut rows) = (None, Vec::<Row>::new());
    let mut record = ByteRecord::new();
    let mut width = None;
    // This cannot fail: the bytes are in memory, and a row can have any length and any bytes.
    while let Ok(true) = reader.read_byte_record(&mut record) {
        let start = record.position().map_or(0, csv::Position::byte);
        let line = lines.line(bytes, start as usize);
        let values = StringRecord::from_byte_record(record.clone());
        let values = values.map_err(|error| CsvFault::Utf8 {
            line,
            column: error.utf8_error().field(),
        })?;
        let expected = *width.get_or_insert(values.len());
        if values.len() != expected {
            return Err(CsvFault::Ragged {
                line,
                found: values.len(),
                expected,
            });
        }
        match headers && names.is_none() {
            true => names = Some(values.iter().map(|name| name.trim().to_owned()).collect()),
            false => rows.push(Row { line, values }),
        }
    }
    match headers && names.is_none() {
        true => Err(CsvFault::Empty),
        false => Ok((names, rows)),
    }
}

/// Counts lines up to increasing positions.
#[derive(Default)]
struct Lines {
    place: usize,
    line: u64,
}

impl Lines {
    /// The line number, from 1, of the row that begins at `start`, or after the empty lines there.
    fn line(&mut self, bytes: &[u8], start: usize) -> u64 {
        let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
        let ends = bytes[start..].iter().take_while(|byte| is_end(byte));
        let start = start + ends.count();
        while self.place < start {
            let ends = match bytes[self.place] {
                b'\n' => true,
                b'\r' => bytes.get(self.place + 1) != Some(&b'\n'),
                _ => false,
            };
            self.line += u64::from(ends);
            self.place += 1;
        }
        self.line + 1
    }
}

/// Returns an error for a quote that is never closed, or a value that continues after its closing quote.
/// Otherwise the parser would swallow rows.
fn check_quotes(bytes: &[u8], delimiter: u8) -> Result<(), CsvFault> {
    enum At {
        Start,
        Plain,
        Quoted,
        Quote,
    }
    let mut at = At::Start;
    let (mut opened, mut lines) = (0, Lines::default());
    for (place, &byte) in bytes.iter().enumerate() {
        let ends = byte == delimiter || matches!(byte, b'\n' | b'\r');
        at = match at {
            At::Start if byte == b'"' => {
                opened = place;
                At::Quoted
            }
            At::Start | At::Plain if ends => At::Start,
            At::Start | At::Plain => At::Plain,
            At::Quoted if byte == b'"' => At::Quote,
            At::Quoted => At::Quoted,
            At::Quote if byte == b'"' => At::Quoted,
            At::Quote if ends => At::Start,
            At::Quote => {
                let line = lines.line(bytes, place);
                return Err(CsvFault::BehindQuote { line });
            }
        };
    }
    match at {
        At::Quoted => Err(CsvFault::OpenQuote {
            line: lines.line(bytes, opened),
        }),
        _ => Ok(()),
    }
}
