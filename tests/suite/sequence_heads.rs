//! Compares the training of models whose output is a sequence with Keras: the loss and the metrics leave out the
//! steps that a mask leaves out, and each step has a label and can have a weight.

use crate::golden::{Tensors, assert_close, json};
use kerust::prelude::*;
use kerust::tensor::StaticShape;

const SAMPLES: usize = 7;
const STEPS: usize = 6;

model! {
    pub Tagger:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => LSTM(5, return_sequences = true)
        => Dense(4, softmax)
}
model! {
    pub Unmasked:
        Input(6, dtype = token)
        => Embedding(11, 4)
        => LSTM(5, return_sequences = true)
        => Dense(4, softmax)
}
model! {
    pub Logits:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => LSTM(5, return_sequences = true)
        => Dense(4)
}
model! {
    pub Values:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => LSTM(5, return_sequences = true)
        => Dense(3, tanh)
}
model! {
    pub YesOrNo:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => LSTM(5, return_sequences = true)
        => Dense(1, sigmoid)
}
model! {
    pub TwoHeads {
        let tokens = Input(6, dtype = token);
        let x = tokens => Embedding(11, 4, mask_zero = true) => LSTM(5, return_sequences = true);
        let tags = x => Dense(4, softmax);
        let rating = tags => GlobalAveragePooling1D => Dense(1);
        (tags, rating)
    }
}

/// The golden numbers of one case.
struct Case {
    name: &'static str,
    tensors: Tensors,
    facts: serde_json::Value,
}

impl Case {
    fn new(name: &'static str) -> Self {
        let facts = json("sequence_heads.json")["cases"][name].clone();
        let tensors = Tensors::open("sequence_heads.safetensors");
        Self {
            name,
            tensors,
            facts,
        }
    }

    fn tensor(&self, of: &str) -> Vec<f32> {
        self.tensors.tensor(&format!("{}.{of}", self.name))
    }

    fn tokens(&self, sample: usize) -> Tokens<STEPS> {
        let x = self.tensor("x");
        Tensor::from_fn(|[step]| x[sample * STEPS + step] as u16)
    }

    /// A label for each step.
    fn classes(&self, of: &str) -> Vec<[Class<4>; STEPS]> {
        let labels = self.tensor(of);
        let class = |label: &f32| Class::new(*label as usize);
        let steps = labels.chunks_exact(STEPS);
        let steps = steps.map(|steps| std::array::from_fn(|step| class(&steps[step])));
        steps.collect()
    }

    fn data<Y: Data>(&self, label: impl Fn(usize) -> Y::Value) -> Dataset<Tokens<STEPS>, Y> {
        Dataset::generate(SAMPLES, |i| (self.tokens(i), label(i)))
    }

    /// Labels of the shape of the output.
    fn values<S: StaticShape>(&self) -> Dataset<Tokens<STEPS>, S> {
        let labels = self.tensor("labels");
        self.data(|i| {
            let mut label = Tensor::<S>::zeroed();
            let values = &labels[i * S::LEN..(i + 1) * S::LEN];
            label.as_mut_slice().copy_from_slice(values);
            label
        })
    }

    /// Trains as Keras did, and compares loss, metrics and weights.
    fn check<N: Train<Input = Tokens<STEPS>>, Y: Data>(
        &self,
        data: &Dataset<Tokens<STEPS>, Y>,
        loss: impl Loss<N::Heads, Label = Y>,
        metrics: impl Metrics<N::Heads, Y>,
    ) {
        let mut net = N::zeroed();
        net.as_mut_slice().copy_from_slice(&self.tensor("weights"));
        let mut model = net.compile(SGD::new(0.1), loss, metrics);
        let name = format!("{}.sample_weight", self.name);
        let weights = self.tensors.find(&name);
        let close = |what: &str, found: f64, expected: f64| {
            let gap = (found - expected).abs();
            assert!(
                gap < 2e-5 * expected.abs().max(1.0),
                "{}, {what}: found {found}, Keras has {expected}",
                self.name
            );
        };
        // The loss of a single head is the mean over batches in Keras, whatever their sizes; here it is the mean
        // over samples, as the loss of the model is in both.
        let is_compared = |key: &str| key == "loss" || !key.ends_with("_loss");
        if weights.is_none() {
            let found = model.evaluate_in_batches(data, 3).unwrap();
            let facts = self.facts["evaluated"].as_object().unwrap().iter();
            for (key, expected) in facts.filter(|(key, _)| is_compared(key)) {
                close(key, found[key.as_str()], expected.as_f64().unwrap());
            }
        }
        let fit = Fit::epochs(4).batch_size(3).shuffle(false).quiet();
        let fit = match &weights {
            Some(weights) => fit.sample_weight(weights),
            None => fit,
        };
        let history = model.fit(data, fit).unwrap();
        let facts = self.facts["history"].as_object().unwrap().iter();
        for (key, expected) in facts.filter(|(key, _)| is_compared(key)) {
            for (epoch, expected) in expected.as_array().unwrap().iter().enumerate() {
                let what = format!("{key} of epoch {epoch}");
                close(
                    &what,
                    history[key.as_str()][epoch],
                    expected.as_f64().unwrap(),
                );
            }
        }
        let what = format!("{}: weights", self.name);
        assert_close(&what, model.weights(), &self.tensor("weights_after"), 2e-5);
    }
}

fn classes(name: &'static str) -> (Case, Dataset<Tokens<STEPS>, [Class<4>; STEPS]>) {
    let case = Case::new(name);
    let labels = case.classes("labels");
    let data = case.data(|i| labels[i]);
    (case, data)
}

#[test]
fn padding_counts_neither_in_the_loss_nor_in_the_accuracy() {
    let (case, data) = classes("tagger");
    case.check::<Tagger, _>(&data, SparseCategoricalCrossentropy, Accuracy);
}

#[test]
fn each_step_can_have_a_weight() {
    for name in ["tagger_step_weights", "tagger_weights"] {
        let (case, data) = classes(name);
        let metrics = (Accuracy, Accuracy.weighted());
        case.check::<Tagger, _>(&data, SparseCategoricalCrossentropy, metrics);
    }
}

#[test]
fn steps_without_a_mask_all_count() {
    let (case, data) = classes("unmasked");
    case.check::<Unmasked, _>(&data, SparseCategoricalCrossentropy, Accuracy);
    let (case, data) = classes("unmasked_step_weights");
    let metrics = (Accuracy, Accuracy.weighted());
    case.check::<Unmasked, _>(&data, SparseCategoricalCrossentropy, metrics);
}

#[test]
fn logits_of_steps_take_the_same_labels() {
    let (case, data) = classes("logits");
    let loss = SparseCategoricalCrossentropy::from_logits();
    case.check::<Logits, _>(&data, loss, Accuracy);
}

#[test]
fn labels_of_the_shape_of_the_output_are_compared_where_the_mask_leaves_them() {
    let case = Case::new("categorical");
    let loss = CategoricalCrossentropy.label_smoothing(0.1);
    case.check::<Tagger, _>(&case.values::<Rank2<6, 4>>(), loss, CategoricalAccuracy);
    let case = Case::new("squared");
    case.check::<Values, _>(
        &case.values::<Rank2<6, 3>>(),
        MeanSquaredError,
        MeanAbsoluteError,
    );
    let case = Case::new("huber");
    let loss = Huber.delta(0.5);
    case.check::<Values, _>(&case.values::<Rank2<6, 3>>(), loss, MeanAbsoluteError);
    let case = Case::new("cosine");
    case.check::<Values, _>(
        &case.values::<Rank2<6, 3>>(),
        CosineSimilarity,
        MeanAbsoluteError,
    );
}

#[test]
fn each_step_can_be_yes_or_no() {
    let case = Case::new("binary");
    let labels = case.tensor("labels");
    let data: Dataset<Tokens<STEPS>, [Binary; STEPS]> =
        case.data(|i| std::array::from_fn(|step| (labels[i * STEPS + step] == 1.0).into()));
    case.check::<YesOrNo, _>(&data, BinaryCrossentropy, BinaryAccuracy);
    let loss = BinaryCrossentropy.multi_label();
    case.check::<YesOrNo, _>(&case.values::<Rank2<6, 1>>(), loss, BinaryAccuracy);
}

#[test]
fn one_head_can_have_a_mask_and_another_none() {
    let case = Case::new("two_heads");
    let (labels, ratings) = (case.classes("labels0"), case.tensor("labels1"));
    let data: Dataset<Tokens<STEPS>, ([Class<4>; STEPS], Rank1<1>)> =
        case.data(|i| (labels[i], Tensor::from([ratings[i]])));
    let loss = (SparseCategoricalCrossentropy, MeanSquaredError.weight(0.5));
    case.check::<TwoHeads, _>(&data, loss, (Accuracy, MeanAbsoluteError));
}

#[test]
fn what_a_mask_leaves_out_changes_nothing() {
    let (_, data) = classes("tagger");
    let other = data.map(|tokens, labels| {
        let steps = tokens.as_slice().iter().zip(labels);
        let mut labels = steps.map(|(token, label)| match token {
            0 => Class::new((label.index() + 1) % 4),
            _ => *label,
        });
        (
            *tokens,
            std::array::from_fn::<_, STEPS, _>(|_| labels.next().unwrap()),
        )
    });
    let train = |data: &Dataset<Tokens<STEPS>, [Class<4>; STEPS]>| {
        let mut model =
            Tagger::new(Seed(1)).compile(Adam::new(0.01), SparseCategoricalCrossentropy, Accuracy);
        let history = model.fit(data, Fit::epochs(2).quiet()).unwrap();
        let measured = model.model().measure(data, (Accuracy, TopK::<2>)).unwrap();
        (
            model.weights().to_vec(),
            history["loss"].clone(),
            measured["accuracy"],
        )
    };
    assert_eq!(train(&data), train(&other));
}

#[test]
fn the_number_of_weights_is_that_of_the_samples_or_of_the_steps() {
    let (_, data) = classes("tagger");
    let mut model = Tagger::new(Seed(1)).compile(SGD::new(0.1), SparseCategoricalCrossentropy, ());
    let message = model
        .fit(&data, Fit::epochs(1).quiet().sample_weight(&[1.0; 8]))
        .unwrap_err();
    assert_eq!(
        message.to_string(),
        "expected 7 sample weights, one for each sample, or 42, one for each step, found 8"
    );
}
