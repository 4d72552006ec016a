//! If a process is killed while it saves, the file is either the old or the new one.

use kerust_core::layer::{LayerData, Layout};
use kerust_core::rng::Seed;
use kerust_core::weights::{Section, SectionMut, load_sections, save_sections};
use rand::RngExt;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const VARIABLE: &str = "KERUST_TEST_SAVE_FOREVER";
const LEN: usize = 50_000;
const LAYOUT: Layout = <[f32; LEN]>::LAYOUT;
const KILLS: usize = 60;

fn save(path: &Path, value: f32) {
    let values = vec![value; LEN];
    let section = Section {
        prefix: "values",
        layout: &LAYOUT,
        values: bytemuck::cast_slice(&values),
    };
    let text = BTreeMap::from([("value".to_owned(), value.to_string())]);
    save_sections(path, &[section], &text).unwrap();
}

/// The file's one value, which its header names too.
fn load(path: &Path) -> f32 {
    let mut values = vec![f32::NAN; LEN];
    let section = SectionMut {
        prefix: "values",
        layout: &LAYOUT,
        values: bytemuck::cast_slice_mut(&mut values),
    };
    let text = load_sections(path, &mut [section]).unwrap();
    let value: f32 = text["value"].parse().unwrap();
    assert!(values.iter().all(|found| *found == value));
    value
}

/// Runs in the child process: the test below starts only this one.
#[test]
fn child_saves_until_killed() {
    let Some(path) = std::env::var_os(VARIABLE) else {
        return;
    };
    let mut value = load(Path::new(&path));
    loop {
        value += 1.0;
        save(Path::new(&path), value);
    }
}

#[test]
fn a_kill_at_any_moment_leaves_a_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    save(&path, 0.0);
    let mut saves = 0.0;
    let mut rng = Seed(1).rng();
    for _ in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "weights_kill::child_saves_until_killed",
                "--test-threads=1",
            ])
            .env(VARIABLE, &path)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // It saves before it is killed, however long a busy machine takes to start it.
        let start = Instant::now();
        while load(&path) == saves {
            assert!(start.elapsed() < Duration::from_secs(60), "no save");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(rng.random_range(0..10_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        saves = load(&path);
        // The child removed the leftovers of the one before it.
        assert!(std::fs::read_dir(&folder).unwrap().count() <= 2);
    }
    assert!(saves >= KILLS as f32);
    save(&path, 0.0);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
}
