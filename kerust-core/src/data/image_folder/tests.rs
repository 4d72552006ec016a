use super::*;
use crate::data::{Binary, Class};
use crate::tensor::Rank3;
use image::{GrayImage, RgbImage};
use std::fs;

type Grey<Y> = Dataset<Rank3<2, 3, 1>, Y>;

/// A folder of 2×3 images, each of one grey level.
fn folder(images: &[(&str, u8)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, level) in images {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        GrayImage::from_pixel(3, 2, image::Luma([*level]))
            .save(path)
            .unwrap();
    }
    folder
}

fn levels<Y: ClassLabel>(dataset: &Grey<Y>) -> Vec<f32> {
    dataset.iter().map(|(x, _)| x.as_slice()[0]).collect()
}

/// The message of a refused load, behind the path.
fn refusal(folder: &Path, images: &ImageFolder) -> String {
    let outcome: Result<Grey<Class<2>>> = images.load();
    let message = outcome.unwrap_err().to_string();
    message.replace(&folder.display().to_string(), "FOLDER")
}

#[test]
fn classes_and_images_are_sorted_by_bytes() {
    let folder = folder(&[
        ("b/2.png", 20),
        ("b/10.png", 10),
        ("a/z.png", 3),
        ("a/sub/x.png", 4),
        ("a/Z.png", 2),
        ("a/sub-x/x.png", 5),
        ("a/sub/b/x.png", 6),
    ]);
    let data: Grey<Class<2>> = ImageFolder::open(folder.path()).load().unwrap();
    assert_eq!(data.class_names(), ["a", "b"]);
    assert_eq!(levels(&data), [2.0, 3.0, 4.0, 5.0, 6.0, 10.0, 20.0]);
    let labels: Vec<_> = data.iter().map(|(_, label)| label.index()).collect();
    assert_eq!(labels, [0, 0, 0, 0, 0, 1, 1]);
}

#[test]
fn two_folders_are_no_and_yes() {
    let folder = folder(&[("cat/1.png", 1), ("dog/1.png", 2)]);
    let data: Grey<Binary> = ImageFolder::open(folder.path()).load().unwrap();
    let labels: Vec<_> = data.iter().map(|(_, label)| label.is_positive()).collect();
    assert_eq!(labels, [false, true]);
}

#[test]
fn channels_follow_the_type_and_sizes_are_changed() {
    let folder = folder(&[("a/1.png", 77)]);
    let image = RgbImage::from_pixel(9, 5, image::Rgb([200, 0, 0]));
    image.save(folder.path().join("a/2.PNG")).unwrap();
    let open = || ImageFolder::open(folder.path());
    let grey: Dataset<Rank3<2, 3, 1>, Class<1>> = open().load().unwrap();
    let rgb: Dataset<Rank3<2, 3, 3>, Class<1>> = open().image_size(2, 3).load().unwrap();
    let alpha: Dataset<Rank3<2, 3, 4>, Class<1>> = open().load().unwrap();
    assert_eq!(grey.input(0).as_slice(), [77.0; 6]);
    assert_eq!(grey.input(1).as_slice(), [59.0; 6]);
    assert_eq!(rgb.input(0).as_array()[1][2], [77.0; 3]);
    assert_eq!(rgb.input(1).as_array()[1][2], [200.0, 0.0, 0.0]);
    assert_eq!(alpha.input(1).as_array()[0][0], [200.0, 0.0, 0.0, 255.0]);
}

#[test]
fn jpeg_is_read() {
    let folder = folder(&[("a/1.jpg", 120), ("a/2.jpeg", 10)]);
    let data: Grey<Class<1>> = ImageFolder::open(folder.path()).load().unwrap();
    let found = levels(&data);
    assert!((found[0] - 120.0).abs() <= 1.0 && (found[1] - 10.0).abs() <= 1.0);
}

#[test]
fn a_split_is_disjoint_whole_and_follows_the_seed() {
    let names: Vec<String> = (0..11).map(|i| format!("{}/{i}.png", i % 2)).collect();
    let images: Vec<_> = names.iter().map(String::as_str).zip(0..).collect();
    let folder = folder(&images);
    let part = |subset| -> Vec<f32> {
        let images = ImageFolder::open(folder.path()).shuffle(Seed(5));
        let images = images.validation_split(0.2).subset(subset);
        levels::<Class<2>>(&images.load().unwrap())
    };
    let (training, validation) = (part(Subset::Training), part(Subset::Validation));
    assert_eq!((training.len(), validation.len()), (9, 2));
    let mut all = [training.clone(), validation].concat();
    assert!(!all.is_sorted());
    all.sort_by(f32::total_cmp);
    assert_eq!(all, (0..11).map(|i| i as f32).collect::<Vec<_>>());
    assert_eq!(part(Subset::Training), training);
}

#[test]
fn hidden_folders_and_other_files_are_passed_by() {
    let folder = folder(&[("a/1.png", 1), (".git/1.png", 2), ("b/1.png", 3)]);
    fs::write(folder.path().join("a/notes.txt"), "").unwrap();
    fs::write(folder.path().join("README"), "").unwrap();
    let data: Grey<Class<2>> = ImageFolder::open(folder.path()).load().unwrap();
    assert_eq!(levels(&data), [1.0, 3.0]);
}

#[test]
fn another_number_of_folders_names_them() {
    let folder = folder(&[("a/1.png", 1), ("b/1.png", 2), ("c/1.png", 3)]);
    assert_eq!(
        refusal(folder.path(), &ImageFolder::open(folder.path())),
        "`FOLDER` holds 3 class folders, expected 2: found `a`, `b`, `c`"
    );
}

#[test]
fn missing_and_empty_folders_are_named() {
    let folder = folder(&[("a/1.png", 1)]);
    let root = folder.path();
    let missing = refusal(root, &ImageFolder::open(root.join("no")));
    assert!(
        missing.starts_with("cannot read `FOLDER/no`: "),
        "{missing}"
    );
    assert_eq!(
        refusal(root, &ImageFolder::open(root.join("a"))),
        "`FOLDER/a` holds no folder: expected a folder of images for each class"
    );
    fs::create_dir(root.join("b")).unwrap();
    assert_eq!(
        refusal(root, &ImageFolder::open(root)),
        "`FOLDER/b` holds no file: expected .png, .jpg or .jpeg images of its class"
    );
    fs::write(root.join("b/x.txt"), "").unwrap();
    fs::write(root.join("b/y"), "").unwrap();
    assert_eq!(
        refusal(root, &ImageFolder::open(root)),
        "`FOLDER/b` holds no image: found only files with .txt, no ending, \
         expected .png, .jpg or .jpeg"
    );
}

#[test]
fn an_image_that_cannot_be_read_is_named() {
    let folder = folder(&[("a/1.png", 1), ("b/1.png", 2)]);
    let root = folder.path();
    fs::write(root.join("b/0.png"), "text").unwrap();
    let message = refusal(root, &ImageFolder::open(root));
    let start = "`FOLDER/b/0.png` cannot be decoded, expected a PNG or JPEG image: ";
    assert!(message.starts_with(start), "{message}");
    fs::remove_file(root.join("b/0.png")).unwrap();

    let whole = fs::read(root.join("a/1.png")).unwrap();
    fs::write(root.join("a/2.png"), &whole[..whole.len() - 20]).unwrap();
    let message = refusal(root, &ImageFolder::open(root));
    assert!(message.starts_with("`FOLDER/a/2.png` cannot"), "{message}");
    fs::remove_file(root.join("a/2.png")).unwrap();

    fs::write(root.join("a/3.GIF"), "").unwrap();
    assert_eq!(
        refusal(root, &ImageFolder::open(root)),
        "`FOLDER/a/3.GIF` is an image of a format that is not read: found .gif, \
         expected .png, .jpg or .jpeg"
    );
}

#[test]
fn a_size_or_a_split_that_cannot_be_is_named() {
    let folder = folder(&[("a/1.png", 1), ("b/1.png", 2)]);
    let root = folder.path();
    let open = || ImageFolder::open(root);
    let cases = [
        (
            open().image_size(3, 2),
            "is to be read with `image_size(3, 2)`, but the model takes images of (2, 3)",
        ),
        (
            open().validation_split(1.0).subset(Subset::Training),
            "is to be read with `validation_split(1)`, expected a fraction between 0 and 1",
        ),
        (
            open().validation_split(0.5),
            "is to be read with `validation_split`, but `subset` does not say which part",
        ),
        (
            open().subset(Subset::Training),
            "is to be read with `subset`, but `validation_split` does not say how large it is",
        ),
        (
            open().validation_split(0.1).subset(Subset::Validation),
            "holds 2 images: `validation_split(0.1)` leaves none in this subset",
        ),
    ];
    for (images, expected) in cases {
        assert_eq!(refusal(root, &images), format!("`FOLDER` {expected}"));
    }
}
