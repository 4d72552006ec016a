//! An encoder and a decoder with attention: dates as people write them become dates as programs write them.
//!
//! The decoder is trained with the right letter before each letter, and then writes its own letters one after the other.
use kerust::prelude::*;
use kerust::text::{FixedVocabulary, Split, Standardize};

/// The letters of a date as it is read, and as it is written: `1987-03-14` and a letter that begins it.
const READ: usize = 20;
const WRITTEN: usize = 10;

/// The letters that are written, after those of padding and of unknown letters; `>` begins a date.
const OUT: [&str; 14] = [
    "", "[UNK]", ">", "-", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
];

model! {
    /// Reads a date, and predicts each letter of another from the letters before it.
    pub Translate {
        let date = Input(READ, dtype = token);
        let letters = Input(WRITTEN, dtype = token);
        let (read, h, c) = date
            => Embedding(48, 16)
            => LSTM(48, return_sequences = true, return_state = true);
        let letters = letters => Embedding(14, 16);
        let written = LSTM(48, return_sequences = true)(letters, initial_state = (h, c));
        let found = Attention(written, read);
        Concatenate(written, found) => Dense(48, relu) => Dense(14, softmax)
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A random date, as it is read and as it is written.
fn date(rng: &mut Rng) -> (String, String) {
    let (day, month) = (rng.random_range(1..29), rng.random_range(0..12));
    let (year, name) = (rng.random_range(1950..2030), MONTHS[month]);
    let read = match rng.random_range(0..4) {
        0 => format!("{day} {name} {year}"),
        1 => format!("{name} {day}, {year}"),
        2 => format!("{day}.{}.{year}", month + 1),
        _ => format!("{day} {} {:02}", &name[..3], year % 100),
    };
    (
        read.to_lowercase(),
        format!("{year}-{:02}-{day:02}", month + 1),
    )
}

fn main() -> kerust::Result<()> {
    let written = FixedVocabulary::new(&OUT)
        .standardize(Standardize::None)
        .split(Split::Character);
    let mut rng = Seed(9).rng();
    let dates: Vec<(String, String)> = (0..5000).map(|_| date(&mut rng)).collect();
    let letters = TextVectorization::new()
        .standardize(Standardize::Lower)
        .split(Split::Character);
    let read = Vocabulary::from_texts(dates.iter().map(|(date, _)| date), letters)?;
    type Sample = (Tokens<READ>, Tokens<WRITTEN>);
    let data: Dataset<Sample, [Class<14>; WRITTEN]> = Dataset::generate(dates.len(), |i| {
        let (date, answer) = &dates[i];
        // The letters before, and the letters that are predicted.
        let before = written.tokens(&format!(">{answer}"));
        let answer: Tokens<WRITTEN> = written.tokens(answer);
        let labels = answer.as_array().map(|token| Class::new(token.into()));
        ((read.tokens(date), before), labels)
    });
    let (train, _) = data.split(0.9);
    let test = &dates[train.len()..];

    let mut model =
        Translate::new(Seed(3)).compile(Adam::new(0.003), SparseCategoricalCrossentropy, Accuracy);
    model.fit(&train, Fit::epochs(15).batch_size(64))?;

    // Greedy decoding: each letter is the most likely one after those before it.
    let translate = |date: &str| {
        let date = read.tokens::<READ>(date);
        let mut before = written.tokens::<WRITTEN>(">");
        let mut answer = String::new();
        for step in 0..WRITTEN {
            let likely = Tensor::from(model.predict(&(date, before)).as_array()[step]).argmax();
            answer += OUT[likely];
            if let Some(next) = before.as_mut_slice().get_mut(step + 1) {
                *next = likely as u16;
            }
        }
        answer
    };
    for (date, expected) in &test[..5] {
        println!("{date:20} {} (expected {expected})", translate(date));
    }
    let right = test
        .iter()
        .filter(|(date, expected)| translate(date) == *expected);
    let accuracy = right.count() as f64 / test.len() as f64;
    println!("right dates: {accuracy:.3}");
    println!("right letters without reading: {:.3}", by_place(test));
    assert!(accuracy > 0.95);
    Ok(())
}

/// The share of letters that are right if the most frequent one is written at each place.
fn by_place(dates: &[(String, String)]) -> f64 {
    let most_frequent = |place: usize| {
        let count = |letter: &&str| {
            let letters = dates.iter().map(|(_, date)| &date[place..=place]);
            letters.filter(|found| found == letter).count()
        };
        OUT.iter().map(count).max().unwrap_or(0)
    };
    let right: usize = (0..WRITTEN).map(most_frequent).sum();
    right as f64 / (WRITTEN * dates.len()) as f64
}
