//! Classifies one image: `once PICTURE.pgm` prints the score of every garment, the most likely first.

use garments::{Classifier, Garment, Image};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os()
        .nth(1)
        .ok_or("usage: once PICTURE.pgm")?;
    let image = Image::from_pgm(&std::fs::read(path)?).ok_or("not a PGM file of 28×28 pixels")?;
    let scores = Classifier::new().scores(&image);

    let mut ranking: Vec<_> = Garment::ALL.into_iter().zip(scores).collect();
    ranking.sort_by(|a, b| b.1.total_cmp(&a.1));
    for (garment, score) in ranking {
        println!("{:10} {score}", garment.name());
    }
    Ok(())
}
