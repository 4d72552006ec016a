//! Single images for predictions.

use super::DataError;
use super::image_folder::decode::{self, Resize};
use super::image_folder::{ImageFolderFault, ImageShape};
use crate::error::Result;
use crate::tensor::Tensor;
use std::path::Path;

/// Reads an image for a model: PNG, JPEG, GIF, BMP or WebP, resized as by
/// [`ImageFolder`](super::ImageFolder), with values from 0 to 255.
///
/// ```no_run
/// # use kerust::{data::image, error, tensor::{Rank3, Tensor}};
/// # fn main() -> error::Result<()> {
/// let photo: Box<Tensor<Rank3<28, 28, 3>>> = image::read("photo.jpg")?;
/// # Ok(())
/// # }
/// ```
///
/// The type can be inferred from the model: `model.predict(&*image::read("photo.jpg")?)`.
///
/// # Errors
/// Returns an error if the file cannot be read, is not a complete image, or has more than
/// [`MAX_PIXELS`](super::image_folder::MAX_PIXELS) pixels.
pub fn read<S: ImageShape>(path: impl AsRef<Path>) -> Result<Box<Tensor<S>>> {
    read_with(path.as_ref(), Resize::default())
}

/// Like [`read`], but first crops the center of the image to the aspect ratio of the model's input, so that
/// it is not distorted.
///
/// # Errors
/// The same as [`read`].
pub fn read_cropped<S: ImageShape>(path: impl AsRef<Path>) -> Result<Box<Tensor<S>>> {
    let resize = Resize {
        crop_to_aspect_ratio: true,
        ..Resize::default()
    };
    read_with(path.as_ref(), resize)
}

fn read_with<S: ImageShape>(path: &Path, resize: Resize) -> Result<Box<Tensor<S>>> {
    let mut pixels = vec![0; S::LEN];
    let size = [S::HEIGHT, S::WIDTH];
    decode::read(path, S::CHANNELS, size, resize, &mut pixels).map_err(|fault| {
        DataError::ImageFolder {
            path: path.to_path_buf(),
            fault: ImageFolderFault::Image(fault),
        }
    })?;
    let mut image: Box<Tensor<S>> = bytemuck::zeroed_box();
    let values = image.as_mut_slice().iter_mut().zip(pixels);
    values.for_each(|(value, pixel)| *value = f32::from(pixel));
    Ok(image)
}
