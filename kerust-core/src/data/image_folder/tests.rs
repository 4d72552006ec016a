use super::*;
use crate::data::{Binary, Class};
use crate::tensor::Rank3;
use image::{GrayImage, RgbImage};
use std::fs;

type Grey<Y> = Dataset<Rank3<2, 3, 1>, Y>;

/// A folder of 2×3 images, each with a single gray level.
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

/// The error message of a load, after the path.
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
        "`FOLDER/b` holds no file: expected images of its class: .bmp, .gif, .jpeg, .jpg, .png, \
         .webp"
    );
    fs::write(root.join("b/x.txt"), "").unwrap();
    fs::write(root.join("b/y"), "").unwrap();
    assert_eq!(
        refusal(root, &ImageFolder::open(root)),
        "`FOLDER/b` holds no image: found only files with .txt, no ending, \
         expected .bmp, .gif, .jpeg, .jpg, .png, .webp"
    );
}

#[test]
fn broken_images_are_named_in_one_error() {
    let folder = folder(&[("a/1.png", 1), ("b/1.png", 2)]);
    let root = folder.path();
    fs::write(root.join("b/0.png"), "text").unwrap();
    let whole = fs::read(root.join("a/1.png")).unwrap();
    fs::write(root.join("a/2.png"), &whole[..whole.len() - 4]).unwrap();
    let message = refusal(root, &ImageFolder::open(root));
    let mut lines = message.lines();
    let mut line = || lines.next().unwrap();
    assert_eq!(line(), "`FOLDER` holds 2 of 4 image files that are broken:");
    assert!(line().starts_with("  `FOLDER/a/2.png` is not a complete PNG image: "));
    let text = "  `FOLDER/b/0.png` is not a PNG, JPEG, GIF, BMP or WebP image: found the first bytes \
                [74, 65, 78, 74]";
    assert_eq!(line(), text);
    assert_eq!(
        line(),
        "fix or remove them, or read the folder with `skip_broken()`"
    );

    for i in 0..11 {
        fs::write(root.join(format!("a/x{i}.jpg")), "").unwrap();
    }
    let message = refusal(root, &ImageFolder::open(root));
    assert!(message.contains("holds 13 of 15 image files"), "{message}");
    assert!(message.contains("\n  and 3 more\n"), "{message}");
    assert_eq!(message.lines().count(), 13);
}

#[test]
fn broken_images_are_left_out_on_demand() {
    let folder = folder(&[
        ("a/1.png", 1),
        ("a/3.png", 3),
        ("b/5.png", 5),
        ("b/6.png", 6),
    ]);
    let root = folder.path();
    for name in ["a/0.png", "a/2.png", "a/4.png", "b/7.png"] {
        fs::write(root.join(name), "text").unwrap();
    }
    let open = || ImageFolder::open(root).skip_broken();
    let data: Grey<Class<2>> = open().load().unwrap();
    assert_eq!(levels(&data), [1.0, 3.0, 5.0, 6.0]);
    let labels: Vec<_> = data.iter().map(|(_, label)| label.index()).collect();
    assert_eq!(labels, [0, 0, 1, 1]);

    for name in ["a/1.png", "a/3.png", "b/5.png", "b/6.png"] {
        fs::write(root.join(name), "text").unwrap();
    }
    assert!(refusal(root, &open()).contains("holds 8 of 8 image files"));
}

#[cfg(unix)]
#[test]
fn files_that_are_not_regular_are_rejected_without_being_opened() {
    let folder = folder(&[("a/1.png", 1), ("b/1.png", 2)]);
    let root = folder.path();
    let fifo = root.join("a/fifo.png");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", root.join("a/zero.png")).unwrap();
    std::os::unix::fs::symlink("nowhere", root.join("a/link.png")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.join("b/s.png")).unwrap();
    let message = refusal(root, &ImageFolder::open(root));
    let expected = [
        "`FOLDER/a/fifo.png` is not a regular file: found a FIFO",
        "`FOLDER/a/link.png` cannot be read: ",
        "`FOLDER/a/zero.png` is not a regular file: found a device",
        "`FOLDER/b/s.png` is not a regular file: found a socket",
    ];
    for expected in expected {
        assert!(message.contains(expected), "{message}");
    }
    let data: Grey<Class<2>> = ImageFolder::open(root).skip_broken().load().unwrap();
    assert_eq!(levels(&data), [1.0, 2.0]);
}

#[test]
fn a_long_file_that_is_no_image_is_not_read() {
    let folder = folder(&[("a/1.png", 1), ("b/1.png", 2)]);
    let file = fs::File::create(folder.path().join("a/2.png")).unwrap();
    file.set_len(1 << 40).unwrap();
    let message = refusal(folder.path(), &ImageFolder::open(folder.path()));
    assert!(message.contains("found zeros"), "{message}");
}

#[test]
fn large_images_are_read_on_a_small_stack() {
    let folder = folder(&[("a/1.png", 1), ("a/2.png", 7)]);
    let path = folder.path().to_path_buf();
    let read = move || {
        let images = ImageFolder::open(path).load();
        let data: Dataset<Rank3<1500, 1500, 3>, Class<1>> = images.unwrap();
        data.input(1).as_slice()[1_500 * 1_500 * 3 - 1]
    };
    let thread = std::thread::Builder::new().stack_size(128 << 10);
    assert_eq!(thread.spawn(read).unwrap().join().unwrap(), 7.0);
}

#[test]
fn more_pixels_than_memory_are_an_error() {
    let folder = folder(&[("a/1.png", 1)]);
    let images: Result<Dataset<Rank3<1_000_000_000, 1_000_000, 3>, Class<1>>> =
        ImageFolder::open(folder.path()).load();
    let message = images.unwrap_err().to_string();
    assert!(
        message.ends_with("more than there is memory for"),
        "{message}"
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

#[test]
fn class_names_say_the_order() {
    let folder = folder(&[("a/1.png", 1), ("b/1.png", 2)]);
    let open = || ImageFolder::open(folder.path());
    let data: Grey<Class<2>> = open().class_names(["b", "a"]).load().unwrap();
    assert_eq!(
        (levels(&data), data.class_names()),
        (vec![2.0, 1.0], &["b".into(), "a".into()][..])
    );
    for names in [&["a"][..], &["a", "c"], &["a", "b", "b"]] {
        let message = refusal(folder.path(), &open().class_names(names.iter().copied()));
        assert_eq!(
            message,
            format!(
                "`FOLDER` holds the class folders `a`, `b`, found `class_names` of `{}`: expected each folder once",
                names.join("`, `")
            )
        );
    }
}

#[test]
fn both_parts_are_read_at_once_and_labels_may_be_rows() {
    let images: Vec<(String, u8)> = (0..10)
        .map(|i| (format!("{}/{i}.png", ["a", "b"][i % 2]), i as u8))
        .collect();
    let images: Vec<(&str, u8)> = images
        .iter()
        .map(|(name, level)| (name.as_str(), *level))
        .collect();
    let folder = folder(&images);
    let open = ImageFolder::open(folder.path())
        .validation_split(0.3)
        .shuffle(Seed(1))
        .quiet();
    let (train, test) = open
        .load_both::<Rank3<2, 3, 1>, crate::tensor::Rank1<2>>()
        .unwrap();
    assert_eq!((train.len(), test.len()), (7, 3));
    let mut all = [levels(&train), levels(&test)].concat();
    all.sort_by(f32::total_cmp);
    assert_eq!(all, (0..10).map(|i| i as f32).collect::<Vec<_>>());
    for (x, y) in train.iter() {
        let class = x.as_slice()[0] as usize % 2;
        assert_eq!(y.as_slice()[class], 1.0);
        assert_eq!(y.as_slice().iter().sum::<f32>(), 1.0);
    }
}

#[test]
fn one_image_is_read_as_the_model_takes_it() {
    let folder = folder(&[("a/1.png", 77)]);
    let path = folder.path().join("a/1.png");
    let grey = crate::data::image::read::<crate::tensor::Rank2<2, 3>>(&path).unwrap();
    assert_eq!(grey.as_slice(), [77.0; 6]);
    let rgb = crate::data::image::read_cropped::<Rank3<5, 5, 3>>(&path).unwrap();
    assert_eq!(rgb.as_slice(), [77.0; 75]);
    let path = folder.path().join("a/none.png");
    let error = crate::data::image::read::<Rank3<5, 5, 3>>(&path)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("none.png") && error.contains("cannot be read"),
        "{error}"
    );
}
