//! The font of pictures: DejaVu Sans in one size.
//!
//! The letters of PNG pictures are copied from an image that `scripts/make_font.py` draws. The text of an SVG
//! is drawn with the viewer's fonts; its width is the same if DejaVu Sans is installed.

use std::sync::OnceLock;

/// The font size in pixels of the picture.
pub(super) const SIZE: u32 = 13;
/// The number of image pixels per picture pixel, on both axes.
pub(super) const SCALE: usize = 2;
/// The space to the left of a letter's origin, and below its baseline.
pub(super) const LEFT: usize = 2;
pub(super) const ABOVE: usize = 26;
/// The rows and columns of a letter's cell.
pub(super) const CELL: usize = 32;

const IMAGE: &[u8] = include_bytes!("font.png");
/// The number of cells in a row of the image.
const COLUMNS: usize = 32;
/// The characters of the cells. One more cell is used for all other characters.
const RANGES: [(char, char); 5] = [
    (' ', '~'),
    ('\u{a0}', 'ſ'),
    ('Α', 'ω'),
    ('А', 'я'),
    ('–', '…'),
];

/// The characters of a text.
pub(super) struct Font {
    /// The coverage of each pixel by the letter.
    levels: Vec<u8>,
}

/// A character.
#[derive(Clone, Copy)]
pub(super) struct Glyph<'a> {
    /// The pixels from the upper left corner of the character's cell on.
    levels: &'a [u8],
}

impl Font {
    pub(super) fn get() -> &'static Self {
        static FONT: OnceLock<Font> = OnceLock::new();
        FONT.get_or_init(|| Self {
            levels: decoded().expect("the font's image is part of the program"),
        })
    }

    pub(super) fn glyph(&self, character: char) -> Glyph<'_> {
        let mut place = 0;
        for (first, last) in RANGES {
            if (first..=last).contains(&character) {
                place += character as usize - first as usize;
                break;
            }
            place += last as usize - first as usize + 1;
        }
        let corner = place / COLUMNS * (1 + CELL) * COLUMNS + place % COLUMNS;
        Glyph {
            levels: &self.levels[CELL * corner..],
        }
    }

    /// The width of a text in pixels of the picture.
    pub(super) fn width(&self, words: &str) -> f64 {
        let width: usize = words.chars().map(|word| self.glyph(word).width()).sum();
        width as f64 / SCALE as f64
    }
}

impl<'a> Glyph<'a> {
    /// The distance to the next character, given by the length of the line above it.
    pub(super) fn width(self) -> usize {
        let rule = self.levels[..CELL].iter();
        rule.take_while(|level| **level > 0).count()
    }

    pub(super) fn rows(self) -> impl Iterator<Item = &'a [u8]> {
        let rows = self.levels.chunks(COLUMNS * CELL);
        rows.skip(1).take(CELL).map(|row| &row[..CELL])
    }
}

fn decoded() -> Result<Vec<u8>, png::DecodingError> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(IMAGE));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info()?;
    let mut levels = vec![0; reader.output_buffer_size().unwrap_or_default()];
    reader.next_frame(&mut levels)?;
    Ok(levels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_has_its_cell() {
        let font = Font::get();
        let ink = |character| {
            let rows = font.glyph(character).rows();
            let levels = rows.flatten().map(|level| usize::from(*level));
            levels.sum::<usize>()
        };
        // The letters of each pair differ only by a mark.
        for (plain, marked) in [('a', 'ä'), ('L', 'Ł'), ('.', '…'), ('И', 'Й'), ('c', 'č')] {
            assert!(0 < ink(plain) && ink(plain) < ink(marked), "{marked}");
        }
        assert_eq!(ink(' '), 0);
        assert_eq!(ink('中'), ink('\u{10ffff}'));
        assert!(ink('中') > 0);
    }

    #[test]
    fn words_are_as_wide_as_their_letters() {
        let font = Font::get();
        assert!(font.width("i") < font.width("W"));
        assert_eq!(font.width("loss"), font.width("sols"));
        // The width of a digit of DejaVu Sans is 0.636 times the size.
        assert!((font.width("0000") - 4.0 * 0.636 * f64::from(SIZE)).abs() < 1.0);
    }
}
