//! Tabular data: CSV with categories and missing values, normalization with `adapt`, unbalanced classes, a
//! confusion matrix.
use kerust::data::csv::Table;
use kerust::prelude::*;

model! {
    pub Risk:
        Input(5)
        => Normalization
        => Dense(16, relu)
        => Dropout(0.1)
        => Dense(1, sigmoid)
}

fn main() -> kerust::Result<()> {
    let mut rng = Seed(8).rng();
    let mut text = String::from("age,income,city,defaulted\n");
    for _ in 0..2000 {
        let (age, city) = (
            rng.random_range(18..80),
            ["north", "south", "west"][rng.random_range(0..3)],
        );
        let income = if rng.random_bool(0.05) {
            String::new()
        } else {
            format!("{:.1}", 20.0 + 60.0 * rng.random::<f32>())
        };
        let risk = 0.02
            + if age < 30 && city == "south" {
                0.8
            } else {
                0.0
            };
        text += &format!(
            "{age},{income},{city},{}\n",
            u8::from(rng.random_bool(risk))
        );
    }
    std::fs::write("risk.csv", text)?;

    let table = Table::read("risk.csv")?;
    let data: Dataset<Rank1<5>, Binary> = table
        .columns(["age", "income"])
        .fill_missing_with_mean()
        .one_hot("city", ["north", "south", "west"])
        .labels("defaulted")
        .dataset()?;
    let (train, test) = data.shuffle(Seed(1)).split(0.8);

    let mut net = Risk::new(Seed(1));
    net.adapt(&train)?; // Normalization takes mean and variance from the data, as in Keras
    let mut model = net.compile(
        Adam::new(0.01),
        BinaryCrossentropy,
        (BinaryAccuracy, AUC, F1Score.threshold(0.5)),
    );
    model.fit(
        &train,
        Fit::epochs(30)
            .batch_size(64)
            .class_weight(train.balanced_class_weight())
            .quiet(),
    )?;
    let report = model.evaluate(&test)?;
    println!("{report}");
    println!("{}", model.confusion_matrix(&test)?);
    assert!(report["auc"] > 0.75);
    Ok(())
}
