//! Who knows whom is as the tables of `DESIGN.md` say.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

type Rooms = BTreeMap<String, BTreeSet<String>>;

#[test]
fn crates_depend_on_what_the_table_says() {
    let wanted = table("| crate | depends on |");
    let mut found = Rooms::new();
    for package in packages() {
        let names = |kind: &str| -> BTreeSet<String> {
            let dependencies = package["dependencies"].as_array().unwrap().iter();
            let ours = dependencies.filter(|it| it["path"].is_string() && it["kind"] == *kind);
            ours.map(|it| it["name"].as_str().unwrap().to_owned()).collect()
        };
        let name = package["name"].as_str().unwrap().to_owned();
        // The fake must not cancel out what the core misreads: not even its tests know it.
        if name == "slack-fake" {
            assert_eq!(names("dev"), BTreeSet::new());
        }
        if package["publish"].is_null() {
            let dependencies = package["dependencies"].as_array().unwrap().iter();
            let ours = dependencies.filter(|it| it["path"].is_string() && it["kind"] != "dev");
            found.insert(name, ours.map(|it| it["name"].as_str().unwrap().to_owned()).collect());
        }
    }
    assert_eq!(found, wanted);
}

#[test]
fn modules_name_what_the_table_says() {
    let wanted = table("| module | names |");
    assert!(wanted.len() > 5);
    for (module, allowed) in wanted {
        let own = module.rsplit('/').next().unwrap();
        let mut named = BTreeSet::new();
        for file in files_of(&root().join(&module)) {
            named.extend(names_of_the_crate(&fs::read_to_string(file).unwrap()));
        }
        named.remove(own);
        assert_eq!(named, allowed, "{module}");
    }
}

#[test]
fn names_are_found_in_every_form() {
    let text = "use crate::{a::B, c::{D, e}, F}; // crate::comment\n fn g() { crate::h::i() }
                #[cfg(test)] mod tests { use crate::j; }";
    let names: Vec<_> = names_of_the_crate(text).into_iter().collect();
    assert_eq!(names, ["F", "a", "c", "h"]);
}

/// Reads a table of `DESIGN.md`: the first cell, and the names in the second.
fn table(head: &str) -> Rooms {
    let text = fs::read_to_string(root().join("DESIGN.md")).unwrap();
    let (_, rest) = text.split_once(head).unwrap();
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let rows = rest.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let (name, names) = row.trim_matches('|').split_once(" | ").unwrap();
        (name.trim().trim_matches('`').to_owned(), quoted(names))
    })
    .collect()
}

/// Returns which names follow `crate::` outside of comments and tests.
fn names_of_the_crate(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]").next().unwrap();
    let lines = code.lines().map(|line| line.split("//").next().unwrap());
    let code = lines.collect::<Vec<_>>().join("\n");
    let mut names = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            None => names.extend(first_word(after)),
            Some(list) => {
                let mut depth = 0;
                let mut at_start = true;
                for (position, letter) in list.char_indices() {
                    match letter {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => at_start = true,
                        letter if at_start && !letter.is_whitespace() => {
                            names.extend(first_word(&list[position..]));
                            at_start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    names
}

fn first_word(text: &str) -> Option<String> {
    let word = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()?;
    (!word.is_empty()).then(|| word.to_owned())
}

/// Returns the files of a module, but for those of tests.
fn files_of(module: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        Some(module.with_extension("rs")).filter(|it| it.exists()).into_iter().collect();
    for entry in fs::read_dir(module).into_iter().flatten() {
        let path = entry.unwrap().path();
        let is_test = path.file_stem().is_some_and(|stem| stem == "tests" || stem == "simulation");
        match path.extension() {
            _ if is_test => {}
            Some(extension) if extension == "rs" => files.push(path),
            None => files.extend(files_of(&path)),
            Some(_) => {}
        }
    }
    assert!(!files.is_empty(), "no module {}", module.display());
    files
}

fn packages() -> Vec<Value> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
