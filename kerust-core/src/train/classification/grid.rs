//! Misclassified images as a picture.

use super::Classifies;
use crate::Result;
use crate::data::{Data, Dataset};
use crate::model::Train;
use crate::picture::{PictureError, PredictionGrid};
use crate::tensor::StaticShape;
use crate::train::{Compiled, Judgement};

impl<N: Train, Y: Data> Compiled<N, Y>
where
    N::Input: StaticShape,
    N::Heads: Classifies<Y>,
{
    /// A picture of the misclassified images with the most confident predictions, each with its predicted and
    /// its true class: `model.worst_mistakes(&test, 24)?.save("mistakes.png")`. Pixels are from 0 to 255, or
    /// from 0 to 1 if no pixel is greater than 1.
    ///
    /// # Errors
    /// Returns an error when the data set is empty, the inputs are not images, or there is no mistake.
    pub fn worst_mistakes(
        &self,
        data: &Dataset<N::Input, Y>,
        count: usize,
    ) -> Result<PredictionGrid> {
        let mut mistakes = self.mistakes(data)?;
        mistakes.truncate(count);
        self.grid(data, &mistakes)
    }

    /// A picture of the images of these samples, for example of [`suspect_labels`](Self::suspect_labels):
    /// `model.grid(&train, &suspects[..24])?.save("suspects.png")`.
    ///
    /// # Errors
    /// Returns an error when the inputs are not images.
    ///
    /// # Panics
    /// Panics when a sample is not in the data set.
    pub fn grid(
        &self,
        data: &Dataset<N::Input, Y>,
        judgements: &[Judgement],
    ) -> Result<PredictionGrid> {
        grid(data, <N::Heads as Classifies<Y>>::CLASSES, judgements)
    }
}

fn grid<X: StaticShape, Y: Data>(
    data: &Dataset<X, Y>,
    classes: usize,
    judgements: &[Judgement],
) -> Result<PredictionGrid> {
    let size = match *X::SHAPE.dims() {
        [height, width] => [height, width, 1],
        [height, width, channels @ (1 | 3 | 4)] => [height, width, channels],
        _ => {
            return Err(PictureError::NoImage {
                found: X::SHAPE.dims().to_vec(),
            }
            .into());
        }
    };
    let names: Vec<String> = match data.class_names() {
        [] => (0..classes).map(|class| class.to_string()).collect(),
        names => names.to_vec(),
    };
    let images: Vec<_> = judgements.iter().map(|of| data.input(of.sample)).collect();
    let values = images.iter().flat_map(|image| image.as_slice());
    let scale = match values.fold(0.0f32, |most, value| most.max(*value)) {
        most if most <= 1.0 => 255.0,
        _ => 1.0,
    };
    let mut grid = PredictionGrid::new(size[0], size[1], size[2]).columns(6);
    for (judgement, image) in judgements.iter().zip(&images) {
        let pixels: Vec<f32> = image.as_slice().iter().map(|value| scale * value).collect();
        let [predicted, truth] = [judgement.predicted, judgement.truth].map(|class| &names[class]);
        grid.push(&pixels, predicted, judgement.score, truth)?;
    }
    Ok(grid)
}
