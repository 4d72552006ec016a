//! Compares images of folders with Keras's.

use crate::golden::Tensors;
use kerust::Rank3;
use kerust::data::{Binary, Dataset, ImageFolder};
use kerust::tensor::StaticShape;
use std::path::Path;

/// The folder that `generate_images.py` wrote.
fn folder() -> ImageFolder {
    ImageFolder::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/images"))
}

/// Whether images differ from Keras's by at most half a level: they are rounded.
fn equal_keras<X: StaticShape>(tensor: &str, images: &Dataset<X, Binary>) {
    let values = images.iter().map(|(image, _)| image.as_slice().to_vec());
    let found: Vec<f32> = values.flatten().collect();
    let expected = Tensors::open("images.safetensors").tensor(tensor);
    assert_eq!(found.len(), expected.len());
    for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert!(
            (found - expected).abs() <= 0.501,
            "{tensor}[{place}]: found {found}, Keras has {expected}"
        );
    }
}

#[test]
fn images_of_each_colour_and_size_are_kerass() {
    equal_keras("grey", &folder().load::<Rank3<8, 6, 1>, _>().unwrap());
    equal_keras("rgb", &folder().load::<Rank3<8, 6, 3>, _>().unwrap());
    equal_keras("rgba", &folder().load::<Rank3<8, 6, 4>, _>().unwrap());
}

#[test]
fn the_nearest_pixel_and_a_cut_of_the_middle_are_kerass() {
    use kerust::layers::Interpolation;
    let nearest = folder().interpolation(Interpolation::Nearest);
    equal_keras("nearest", &nearest.load::<Rank3<8, 6, 3>, _>().unwrap());
    let cropped = folder().crop_to_aspect_ratio(true);
    equal_keras("cropped", &cropped.load::<Rank3<8, 6, 3>, _>().unwrap());
}
