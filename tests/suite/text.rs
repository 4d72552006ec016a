//! Compares vocabularies, tokens and padding with Keras, and trains on them.

use crate::golden::json;
use kerust::data::{PadSequences, Side};
use kerust::prelude::*;
use kerust::text::{FixedVocabulary, Split, Standardize, TextVectorization, Vocabulary};
use serde_json::Value;

fn texts(value: &Value) -> Vec<String> {
    let texts = value.as_array().unwrap().iter();
    texts
        .map(|text| text.as_str().unwrap().to_owned())
        .collect()
}

fn settings(case: &Value) -> (Standardize, Split) {
    let standardize = match case["standardize"].as_str().unwrap() {
        "lower_and_strip_punctuation" => Standardize::LowerAndStripPunctuation,
        "lower" => Standardize::Lower,
        "strip_punctuation" => Standardize::StripPunctuation,
        _ => Standardize::None,
    };
    let split = match case["split"].as_str().unwrap() {
        "whitespace" => Split::Whitespace,
        "character" => Split::Character,
        _ => Split::None,
    };
    (standardize, split)
}

#[test]
fn vocabularies_and_tokens_are_those_of_keras() {
    let golden = json("text.json");
    let (learned, encoded) = (texts(&golden["learned"]), texts(&golden["encoded"]));
    for case in golden["cases"].as_array().unwrap() {
        let (standardize, split) = settings(case);
        let mut settings = TextVectorization::new()
            .standardize(standardize)
            .split(split);
        if let Some(most) = case["max_tokens"].as_u64() {
            settings = settings.max_tokens(most as usize);
        }
        let vocabulary = Vocabulary::from_texts(&learned, settings).unwrap();
        let what = format!("{standardize:?} {split:?} {}", case["max_tokens"]);
        assert_eq!(vocabulary.words(), texts(&case["vocabulary"]), "{what}");
        let words: Vec<&str> = vocabulary.words().iter().map(String::as_str).collect();
        let fixed = FixedVocabulary::new(&words)
            .standardize(standardize)
            .split(split);
        for (text, expected) in encoded.iter().zip(case["tokens"].as_array().unwrap()) {
            let expected: Vec<u16> = serde_json::from_value(expected.clone()).unwrap();
            // Keras gives one token for a text that is not divided.
            let found: Tokens<8> = vocabulary.tokens(text);
            assert_eq!(
                found.as_slice()[..expected.len()],
                expected,
                "{what}: {text:?}"
            );
            assert_eq!(
                fixed.tokens::<8>(text).as_slice(),
                found.as_slice(),
                "{what}: {text:?}"
            );
        }
    }
}

#[test]
fn sequences_are_padded_as_by_keras() {
    let golden = json("text.json");
    let sequences: Vec<Vec<u32>> = serde_json::from_value(golden["sequences"].clone()).unwrap();
    let side = |value: &Value| match value.as_str().unwrap() {
        "pre" => Side::Pre,
        _ => Side::Post,
    };
    for case in golden["padded"].as_array().unwrap() {
        let settings = PadSequences::new()
            .padding(side(&case["padding"]))
            .truncating(side(&case["truncating"]))
            .value(case["value"].as_u64().unwrap() as u16);
        let padded = settings.pad::<4>(&sequences).unwrap();
        let padded: Vec<&[u16]> = padded.iter().map(|it| it.as_slice()).collect();
        let expected: Vec<Vec<u16>> = serde_json::from_value(case["padded"].clone()).unwrap();
        assert_eq!(padded, expected, "{case}");
    }
}

model! {
    /// Whether a short text is friendly.
    pub Mood:
        Input(6, dtype = token)
        => Embedding(16, 8, mask_zero = true)
        => GlobalAveragePooling1D
        => Dense(1, sigmoid)
}

const TEXTS: [(&str, bool); 6] = [
    ("What a good day!", true),
    ("a bad, bad day", false),
    ("Good film.", true),
    ("this was a bad film", false),
    ("good good good", true),
    ("bad...", false),
];

#[test]
fn a_model_on_text_is_trained_saved_and_loaded_with_its_vocabulary() {
    let words = TextVectorization::new().max_tokens(16);
    let vocabulary = Vocabulary::from_texts(TEXTS.map(|(text, _)| text), words).unwrap();
    assert!(vocabulary.len() <= 16);
    let data: Dataset<Tokens<6>, Binary> = Dataset::generate(TEXTS.len(), |i| {
        let (text, is_good) = TEXTS[i];
        (vocabulary.tokens(text), is_good.into())
    });
    let mut model = Mood::new(Seed(1)).compile(Adam::new(0.05), BinaryCrossentropy, Accuracy);
    model.fit(&data, Fit::epochs(60).quiet()).unwrap();
    assert_eq!(model.evaluate(&data).unwrap()["accuracy"], 1.0);

    let folder = std::env::temp_dir().join(format!("kerust-text-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("mood.safetensors");
    vocabulary.save_with(&path, model.model()).unwrap();
    let (loaded, again) = (Mood::load(&path).unwrap(), Vocabulary::load(&path).unwrap());
    assert_eq!(again, vocabulary);
    let text = "The day was GOOD";
    let found = loaded.predict(&again.tokens(text));
    assert_eq!(
        found.as_slice(),
        model.predict(&vocabulary.tokens(text)).as_slice()
    );

    let plain = folder.join("plain.safetensors");
    loaded.save(&plain).unwrap();
    let message = Vocabulary::load(&plain).unwrap_err().to_string();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(
        message.starts_with("no vocabulary can be read from `")
            && message.ends_with("`: the file has none"),
        "{message}"
    );
}

model! {
    /// Whether a review is positive.
    pub Sentiment:
        Input(8, dtype = token)
        => Embedding(100, 4, mask_zero = true)
        => LSTM(4)
        => Dense(1, sigmoid)
}
model! {
    /// The topic of a newswire.
    pub Topic:
        Input(8, dtype = token)
        => Embedding(100, 4, mask_zero = true)
        => GRU(4)
        => Dense(46, softmax)
}

#[test]
fn imdb_and_reuters_train_as_tokens() {
    use kerust::data::datasets::{imdb, reuters};
    let file = |name: &str| {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        root.join("kerust-core/tests/data").join(name)
    };
    let load = imdb::Load::new().num_words(100);
    let (train, test) = load.load_from(file("imdb.npz")).unwrap();
    let reviews: Dataset<Tokens<8>, Binary> = train.dataset(PadSequences::new()).unwrap();
    let test: Dataset<Tokens<8>, Binary> = test.dataset(PadSequences::new()).unwrap();
    let mut model = Sentiment::new(Seed(1)).compile(Adam::new(0.05), BinaryCrossentropy, Accuracy);
    let fit = Fit::epochs(30).validation_data(&test).quiet();
    let history = model.fit(&reviews, fit).unwrap();
    assert!(
        history["loss"][29] < 0.5 * history["loss"][0],
        "{:?}",
        history["loss"]
    );

    let load = reuters::Load::new().num_words(100);
    let (train, _) = load.load_from(file("reuters.npz")).unwrap();
    let wires: Dataset<Tokens<8>, Class<46>> = train.dataset(PadSequences::new()).unwrap();
    let mut model =
        Topic::new(Seed(1)).compile(Adam::new(0.05), SparseCategoricalCrossentropy, Accuracy);
    let history = model.fit(&wires, Fit::epochs(30).quiet()).unwrap();
    assert!(
        history["loss"][29] < 0.5 * history["loss"][0],
        "{:?}",
        history["loss"]
    );

    let Err(error) = train.dataset::<8, Class<2>>(PadSequences::new()) else {
        panic!("newswires have more than two topics");
    };
    let message = error.to_string();
    assert!(message.ends_with("expected one below 2"), "{message}");
}
