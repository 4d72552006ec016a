//! Text classification: a Transformer reads four words of a sentence, letter by letter, and says in which language they
//! are.
//!
//! The sentences are those of the Universal Declaration of Human Rights in nine languages. For others, name a folder with a
//! file for each of nine languages, which has a sentence on each line: `cargo run --release --example 16_text -- FOLDER`.
use kerust::prelude::*;
use kerust::text::{Split, TextVectorization, Vocabulary};

/// The letters that the model reads.
const LETTERS: usize = 40;

model! {
    /// One encoder block over letters.
    pub Language {
        let letters = Input(LETTERS, dtype = token);
        let x = letters => Embedding(64, 32) => Conv1D(32, 3, same, relu) => Dropout(0.2) => PositionEmbedding;
        let x = x => Residual(LayerNormalization => MultiHeadAttention(num_heads = 4, key_dim = 8));
        let x = x => Residual(LayerNormalization => Dense(64, relu) => Dense(32));
        x => LayerNormalization => GlobalAveragePooling1D => Dropout(0.3) => Dense(9, softmax)
    }
}

fn main() -> kerust::Result<()> {
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/data/languages").to_owned();
    let folder = std::env::args().nth(1).unwrap_or(committed);
    let mut files: Vec<_> = std::fs::read_dir(&folder)?.collect::<Result<_, _>>()?;
    files.retain(|file| file.path().extension().is_some_and(|it| it == "txt"));
    files.sort_by_key(|file| file.file_name());
    // Every fourth sentence is for the test, so that no words of a sentence are in both sets.
    let (mut names, mut train, mut test) = (Vec::new(), Vec::new(), Vec::new());
    for (language, file) in files.iter().enumerate() {
        names.push(
            file.path()
                .file_stem()
                .unwrap_or_default()
                .display()
                .to_string(),
        );
        for (number, sentence) in std::fs::read_to_string(file.path())?.lines().enumerate() {
            let words: Vec<&str> = sentence.split_whitespace().collect();
            let piece = |words: &[&str]| (words.join(" "), language);
            if number % 4 == 3 {
                test.extend(words.chunks(4).map(piece));
            } else {
                // Every four words that follow each other.
                train.extend(words.windows(4).map(piece));
            }
        }
    }
    let letters = TextVectorization::new()
        .split(Split::Character)
        .max_tokens(64);
    let vocabulary = Vocabulary::from_texts(train.iter().map(|(text, _)| text), letters)?;
    let data = |texts: &[(String, usize)]| -> Dataset<Tokens<LETTERS>, Class<9>> {
        let sample = |i: usize| (vocabulary.tokens(&texts[i].0), Class::new(texts[i].1));
        Dataset::generate(texts.len(), sample)
    };
    let (train, test) = (data(&train), data(&test));
    println!("{} and {} pieces of text", train.len(), test.len());

    let mut model =
        Language::new(Seed(1)).compile(AdamW::new(0.003), SparseCategoricalCrossentropy, Accuracy);
    model.fit(&train, Fit::epochs(8).batch_size(32).validation_data(&test))?;

    let (accuracy, baseline) = (model.evaluate(&test)?["accuracy"], by_counts(&train, &test));
    println!("{}", model.confusion_matrix(&test)?);
    println!("accuracy {accuracy:.3}; by the counts of letters alone {baseline:.3}");
    assert!(accuracy > baseline + 0.1 && accuracy > 0.85);

    vocabulary.save_with("language.safetensors", model.model())?;
    let (model, vocabulary) = (
        Language::load("language.safetensors")?,
        Vocabulary::load("language.safetensors")?,
    );
    for text in [
        "all the people of",
        "das Recht auf Arbeit",
        "dans le monde entier",
    ] {
        let class = model.predict(&vocabulary.tokens(text)).argmax();
        println!("{text}: {}", names[class]);
    }
    Ok(())
}

/// The accuracy of a naive Bayes classifier, which knows how often each letter occurs in each language.
fn by_counts(
    train: &Dataset<Tokens<LETTERS>, Class<9>>,
    test: &Dataset<Tokens<LETTERS>, Class<9>>,
) -> f64 {
    let mut counts = [[1.0f32; 64]; 9];
    for (tokens, class) in train.iter() {
        let letters = tokens.as_slice().iter().filter(|token| **token > 0);
        letters.for_each(|token| counts[class.index()][usize::from(*token)] += 1.0);
    }
    let sums = counts.map(|counts| counts.iter().sum::<f32>());
    let is_right = |tokens: &Tokens<LETTERS>, class: usize| {
        let letters = tokens.as_slice().iter().filter(|token| **token > 0);
        let score = |of: usize| -> f32 {
            letters
                .clone()
                .map(|token| (counts[of][usize::from(*token)] / sums[of]).ln())
                .sum()
        };
        (0..9).max_by(|a, b| score(*a).total_cmp(&score(*b))) == Some(class)
    };
    let right = test
        .iter()
        .filter(|(tokens, class)| is_right(tokens, class.index()))
        .count();
    right as f64 / test.len() as f64
}
