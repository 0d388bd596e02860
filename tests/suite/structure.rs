//! The shape of the source tree: data flows one way, and no two files import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The modules from the bottom up. A module imports what stands before it; within a line, whatever is not a circle.
const LAYERS: &[&[&str]] = &[
    &["mutex", "timeouts", "trace"],
    &["storage"],
    &["sources::mod", "config", "lambda", "telemetry"],
    &["sources::cache", "ingest"],
    &["receive", "pull", "process", "aws"],
];

/// The files of `src`, by module path; `mod.rs` is `FOLDER::mod`. Without the binaries and without tests.
fn files() -> BTreeMap<String, String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&src, &mut paths);
    let module = |path: &PathBuf| {
        let name = path.strip_prefix(&src).unwrap().with_extension("");
        name.to_str().unwrap().replace('/', "::")
    };
    let text = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        code.collect::<Vec<_>>().join("\n")
    };
    let files = paths.iter().map(|path| (module(path), text(path)));
    files.filter(|(module, _)| !module.starts_with("bin::") && module != "lib").collect()
}

/// The file that a path of names leads to, as deep as there are files.
fn file_of(files: &BTreeMap<String, String>, path: &[&str]) -> Option<String> {
    (1..=path.len()).rev().find_map(|length| {
        let module = path[..length].join("::");
        let folder = format!("{module}::mod");
        [module, folder].into_iter().find(|name| files.contains_key(name))
    })
}

/// Which files each file imports: by `crate::…` and `super::…`, `use` groups included.
fn imports(files: &BTreeMap<String, String>) -> BTreeMap<String, BTreeSet<String>> {
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, code) in files {
        let mut parent: Vec<&str> = module.split("::").collect();
        parent.pop();
        let imported = imports.entry(module.clone()).or_default();
        for (prefix, base) in [("crate::", &[][..]), ("super::", &parent[..])] {
            let base =
                if prefix == "super::" && module.ends_with("::mod") { &base[..base.len() - 1] } else { base };
            for (at, _) in code.match_indices(prefix) {
                let rest = code.get(at + prefix.len()..).unwrap_or_default();
                for path in paths(rest) {
                    let names: Vec<&str> = base.iter().copied().chain(path.split("::")).collect();
                    imported.extend(file_of(files, &names).filter(|file| file != module));
                }
            }
        }
        // A parent declares and re-exports its children; a child may name its parent's own items.
        let folder = module.strip_suffix("mod").filter(|_| module.ends_with("::mod"));
        imported.retain(|file| folder.is_none_or(|folder| !file.starts_with(folder)));
    }
    imports
}

/// The paths that begin here: one, or those of a group in braces.
fn paths(rest: &str) -> Vec<String> {
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
    let (head, tail) = rest.split_at(end);
    match tail.strip_prefix('{').and_then(|group| group.split_once('}')) {
        Some((group, _)) => group.split(',').map(|name| format!("{head}{}", name.trim())).collect(),
        None => vec![head.to_owned()],
    }
}

fn layer(module: &str) -> usize {
    let is_in = |name: &&str| module == *name || module.starts_with(&format!("{name}::"));
    LAYERS.iter().position(|layer| layer.iter().any(is_in)).expect(module)
}

#[test]
fn no_file_imports_upward() {
    let files = files();
    for (module, imported) in imports(&files) {
        for file in imported {
            assert!(layer(&file) <= layer(&module), "{module} imports {file}, which is above it");
        }
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let files = files();
    let imports = imports(&files);
    assert!(imports.values().map(BTreeSet::len).sum::<usize>() > 100, "the imports are found");
    // What imports only what is done is done; what is left in the end is in a circle, or above one.
    let mut left = imports.clone();
    while let Some(done) = left.iter().find(|(_, i)| i.iter().all(|i| !left.contains_key(i))) {
        let done = done.0.clone();
        left.remove(&done);
    }
    let circle: Vec<_> = left
        .iter()
        .map(|(m, i)| (m, i.iter().filter(|i| left.contains_key(*i)).collect::<Vec<_>>()))
        .collect();
    assert!(circle.is_empty(), "{circle:#?}");
}
