//! Reads the pages.

use std::fs;
use std::path::Path;

/// The page of a layer.
pub struct Page {
    pub layer: String,
    pub arguments: Vec<Argument>,
    /// Whether it has an example.
    pub example: bool,
}

/// An argument on a page.
pub struct Argument {
    pub name: String,
    pub default: Option<String>,
    optional: bool,
}

impl Argument {
    /// `units`, `strides = ..` or `max_value (optional)`
    pub fn shape(&self) -> String {
        match (&self.default, self.optional) {
            (Some(_), _) => format!("{} = ..", self.name),
            (None, true) => format!("{} (optional)", self.name),
            (None, false) => self.name.clone(),
        }
    }

    /// As a declaration has it: `strides = 1`.
    pub fn text(&self) -> String {
        match &self.default {
            Some(default) => format!("{} = {default}", self.name),
            None => self.name.clone(),
        }
    }
}

/// The pages of all layers; `None`, and a word about it, where their sources are not beside this crate's.
pub fn pages() -> Option<Vec<Page>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kerust-core/src/layers");
    let Ok(files) = fs::read_dir(&folder) else {
        eprintln!("skipped: there is no `{}`", folder.display());
        return None;
    };
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    paths.sort();
    let texts = paths.iter().map(|path| fs::read_to_string(path).unwrap());
    Some(texts.flat_map(|text| read(&text)).collect())
}

/// The pages of a file: of each type, the comment before it.
fn read(text: &str) -> Vec<Page> {
    let mut pages = Vec::new();
    let mut comment: Vec<&str> = Vec::new();
    for line in text.lines() {
        if let Some(line) = line.strip_prefix("///") {
            comment.push(line);
            continue;
        }
        let named = ["pub struct ", "pub type "].iter();
        if let Some(rest) = named.filter_map(|start| line.strip_prefix(start)).next() {
            let is_name = |c: char| c.is_alphanumeric() || c == '_';
            let layer = rest.split(|c| !is_name(c)).next().unwrap_or_default();
            pages.push(Page {
                layer: layer.to_owned(),
                arguments: arguments(&comment),
                example: comment.iter().any(|line| line.contains("model! {")),
            });
        }
        if !line.starts_with("#[") {
            comment.clear();
        }
    }
    pages
}

/// What stands below `# Arguments`: the items of a list.
fn arguments(comment: &[&str]) -> Vec<Argument> {
    let list = comment.iter().skip_while(|line| **line != " # Arguments");
    let list = list.skip(1).take_while(|line| !line.starts_with(" #"));
    let mut items: Vec<String> = Vec::new();
    for line in list {
        match (line.strip_prefix(" - "), items.last_mut()) {
            (Some(line), _) => items.push(line.to_owned()),
            (None, Some(item)) => {
                item.push(' ');
                item.push_str(line.trim_start());
            }
            (None, None) => {}
        }
    }
    items.iter().flat_map(|line| item(line)).collect()
}

/// `` `a = 0`, `b = 1`: what they mean ``
fn item(item: &str) -> Vec<Argument> {
    let head = item.split("`: ").next().unwrap_or_default();
    let (head, optional) = match item.split_once(" (optional): ") {
        Some((head, _)) => (head, true),
        None => (head, false),
    };
    let names = head.split('`').skip(1).step_by(2);
    let arguments = names.map(|name| match name.split_once(" = ") {
        Some((name, default)) => Argument {
            name: name.to_owned(),
            default: Some(default.to_owned()),
            optional,
        },
        None => Argument {
            name: name.to_owned(),
            default: None,
            optional,
        },
    });
    arguments.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_with_its_defaults() {
        let page = "\
/// A layer.
///
/// # Arguments
/// - `units`: how many.
/// - `size = (1, 2)`,
///   `bias = zeros`: what they are: `3`, or
///   `more = 1`.
/// - `max` (optional): none unless given.
///
/// # Shapes
/// - `none = 0`: no argument.
#[derive(Debug)]
pub struct Layer<const N: usize>;
";
        let [page] = <[Page; 1]>::try_from(read(page)).unwrap_or_else(|_| panic!("one page"));
        assert_eq!(page.layer, "Layer");
        let texts: Vec<_> = page.arguments.iter().map(Argument::text).collect();
        assert_eq!(texts, ["units", "size = (1, 2)", "bias = zeros", "max"]);
        let shapes: Vec<_> = page.arguments.iter().map(Argument::shape).collect();
        assert_eq!(
            shapes,
            ["units", "size = ..", "bias = ..", "max (optional)"]
        );
        assert!(!page.example);
    }
}
