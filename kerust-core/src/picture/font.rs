//! The letters of pictures: DejaVu Sans, of one size.
//!
//! Letters of PNG pictures are copied from an image, which `scripts/make_font.py` draws. The words of
//! an SVG are drawn with its reader's fonts; as wide as here, where DejaVu Sans is among them.

use std::sync::OnceLock;

/// The letters' size, in pixels of the picture.
pub(super) const SIZE: u32 = 13;
/// Pixels of the image for one of the picture, on both axes.
pub(super) const SCALE: usize = 2;
/// Letters reach this far to the left of where they begin, and above the line that they stand on.
pub(super) const LEFT: usize = 2;
pub(super) const ABOVE: usize = 26;
/// Rows and columns of a letter.
pub(super) const CELL: usize = 32;

const IMAGE: &[u8] = include_bytes!("font.png");
/// Cells in a row of the image.
const COLUMNS: usize = 32;
/// The characters of the cells; one more cell stands for all others.
const RANGES: [(char, char); 5] = [
    (' ', '~'),
    ('\u{a0}', 'ſ'),
    ('Α', 'ω'),
    ('А', 'я'),
    ('–', '…'),
];

/// The characters of a text.
pub(super) struct Font {
    /// Of a pixel, how much of it the letter covers.
    levels: Vec<u8>,
}

/// A character.
#[derive(Clone, Copy)]
pub(super) struct Glyph<'a> {
    /// From the upper left corner of the character's cell on.
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

    /// How wide words are, in pixels of the picture.
    pub(super) fn width(&self, words: &str) -> f64 {
        let width: usize = words.chars().map(|word| self.glyph(word).width()).sum();
        width as f64 / SCALE as f64
    }
}

impl<'a> Glyph<'a> {
    /// How far behind it the next one begins: as long as the rule above it.
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
        // Each pair differs by a mark, and in nothing else.
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
        // A digit of DejaVu Sans is 0.636 of the size wide.
        assert!((font.width("0000") - 4.0 * 0.636 * f64::from(SIZE)).abs() < 1.0);
    }
}
