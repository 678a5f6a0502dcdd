//! The tests that the module trees of the workspace's targets hold.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use syn::{Attribute, Expr, Item, Lit, Meta};

/// The tests of each source file that a target reaches.
#[derive(Default)]
pub(crate) struct Tests(BTreeMap<PathBuf, BTreeSet<String>>);

impl Tests {
    /// Collects the tests of all targets that `cargo test --workspace` builds.
    pub(crate) fn of_workspace(root: &Path) -> Self {
        let metadata = Command::new(env!("CARGO"))
            .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
            .current_dir(root)
            .output()
            .unwrap();
        let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
        let targets = metadata["packages"].as_array().unwrap().iter();
        let targets = targets.flat_map(|package| package["targets"].as_array().unwrap());
        let mut tests = Self::default();
        for target in targets {
            if target["test"] == true && target.get("required-features").is_none() {
                tests.add_target(Path::new(target["src_path"].as_str().unwrap()));
            }
        }
        tests
    }

    pub(crate) fn runs(&self, file: &Path, name: &str) -> bool {
        self.0.get(&clean(file)).is_some_and(|names| names.contains(name))
    }

    pub(crate) fn names(&self, file: &Path) -> Vec<&str> {
        self.0.get(&clean(file)).into_iter().flatten().map(String::as_str).collect()
    }

    pub(crate) fn add_target(&mut self, root: &Path) {
        self.add_file(root, root.parent().unwrap());
    }

    /// Adds a file whose modules lie in `folder`.
    fn add_file(&mut self, file: &Path, folder: &Path) {
        let text =
            fs::read_to_string(file).unwrap_or_else(|_| panic!("no file {}", file.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|_| panic!("{}", file.display()));
        if runs_everywhere(&parsed.attrs) {
            self.add_items(&parsed.items, file, folder);
        }
    }

    fn add_items(&mut self, items: &[Item], file: &Path, folder: &Path) {
        for item in items {
            match item {
                Item::Fn(function)
                    if runs_everywhere(&function.attrs) && is_test(&function.attrs) =>
                {
                    self.add(file, function.sig.ident.to_string());
                }
                Item::Mod(module) if runs_everywhere(&module.attrs) => {
                    let below = folder.join(module.ident.to_string());
                    match (&module.content, path_of(&module.attrs)) {
                        (Some((_, items)), _) => self.add_items(items, file, &below),
                        (None, Some(path)) => {
                            let path = file.parent().unwrap().join(path);
                            self.add_file(&path, path.parent().unwrap());
                        }
                        (None, None) => {
                            let flat = below.with_extension("rs");
                            let path = if flat.exists() { flat } else { below.join("mod.rs") };
                            self.add_file(&path, &below);
                        }
                    }
                }
                Item::Macro(item) if item.mac.path.is_ident("proptest") => {
                    for name in properties(&item.mac.tokens.to_string()) {
                        self.add(file, name);
                    }
                }
                _ => {}
            }
        }
    }

    fn add(&mut self, file: &Path, name: String) {
        self.0.entry(clean(file)).or_default().insert(name);
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    let has = |name| attributes.iter().any(|attribute| attribute.path().is_ident(name));
    has("test") && !has("ignore")
}

/// Whether no condition stands before an item but those that the checks meet.
fn runs_everywhere(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).all(|attribute| {
        match attribute.parse_args::<Meta>() {
            Ok(Meta::Path(path)) => path.is_ident("test") || path.is_ident("unix"),
            Ok(Meta::NameValue(pair)) => {
                pair.path.is_ident("feature") || pair.path.is_ident("target_os")
            }
            _ => false,
        }
    })
}

fn path_of(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    })
}

/// Returns the names of the tests in the tokens of a `proptest!`, which a Rust parser does not read.
fn properties(tokens: &str) -> Vec<String> {
    let tokens: String = tokens.split_whitespace().collect::<Vec<_>>().join(" ");
    let tests = tokens.split("#[test]").skip(1).chain(tokens.split("# [test]").skip(1));
    let named = tests.filter_map(|test| {
        let (before, after) = test.split_once("fn ")?;
        let name = after.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()?;
        (!before.contains("ignore")).then(|| name.to_owned())
    });
    named.collect()
}

/// Returns the path as the file system knows it: `a/../b` is `b`.
fn clean(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
