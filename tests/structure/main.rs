//! Holds the architecture true by reading `use` lines: which module may know which (ARCHITECTURE.md has the picture).

use std::fs;
use std::path::{Path, PathBuf};

/// A module, and the modules of this crate that it may name.
const LAYERS: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("data", &[]),
    ("ast", &["data", "source"]),
    ("explain", &[]),
    ("diagnostic", &["explain", "source"]),
    ("syntax", &["ast", "data", "diagnostic", "explain", "source"]),
    ("expr", &["ast", "data", "diagnostic", "explain", "source"]),
    ("catalog", &["ast", "data", "expr"]),
    ("plan", &["ast", "catalog", "data", "diagnostic", "explain", "expr", "source", "syntax"]),
    (
        "check",
        &[
            "ast",
            "catalog",
            "data",
            "diagnostic",
            "explain",
            "expr",
            "plan",
            "prove",
            "rows",
            "source",
            "syntax",
            "engine",
        ],
    ),
    ("prove", &["ast", "catalog", "data", "expr", "plan"]),
    ("engine", &["ast", "catalog", "data", "expr", "plan"]),
    ("rows", &["ast", "catalog", "data", "diagnostic", "explain", "expr", "plan", "source", "engine"]),
    ("execute", &["ast", "plan", "source", "engine"]),
    ("replay", &["ast", "catalog", "data", "expr", "plan", "prove", "rows", "source", "engine"]),
    ("report", &["ast", "data", "diagnostic", "explain", "plan", "prove", "source", "engine"]),
];

fn sources() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") && path.file_stem().unwrap() != "tests" {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

/// The module of a file: `check` for `src/check/rules/in_use.rs`.
fn module_of(path: &Path) -> String {
    let below = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = below.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The code of a file without its unit tests and comments.
fn code_of(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap().split("#[cfg(all(test, unix))]\nmod ").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_layer_knows_only_those_below_it() {
    let mut wrong = Vec::new();
    for path in sources() {
        let module = module_of(&path);
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else { continue };
        let code = code_of(&path);
        for (place, _) in code.match_indices("crate::") {
            let rest = &code[place + "crate::".len()..];
            let named: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if named != module && !named.is_empty() && !allowed.contains(&named.as_str()) {
                wrong.push(format!("{} names crate::{named}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_has_a_layer_or_is_at_the_edge() {
    let edge = ["cli", "repl", "scaffold", "lab", "database", "fix", "infer", "lib", "main"];
    let known = |module: &str| edge.contains(&module) || LAYERS.iter().any(|(name, _)| *name == module);
    let unknown: Vec<String> = sources().iter().map(|path| module_of(path)).filter(|module| !known(module)).collect();
    assert!(unknown.is_empty(), "say in tests/structure what these may know: {unknown:?}");
}

#[test]
fn pest_lives_in_syntax_alone() {
    for path in sources().iter().filter(|path| module_of(path) != "syntax") {
        assert!(!code_of(path).contains("pest::"), "{} names pest", path.display());
    }
}

#[test]
fn only_the_edge_prints_and_reads_files() {
    let edge = ["cli", "repl", "lab", "main"];
    for path in sources().iter().filter(|path| !edge.contains(&module_of(path).as_str())) {
        let code = code_of(path);
        for word in ["println!", "eprintln!", "print!(", "eprint!("] {
            assert!(!code.contains(word), "{} prints", path.display());
        }
        // Where a server is, and what it is trusted by, lies in files of libpq's.
        if module_of(path) != "rows" && !path.components().any(|part| part.as_os_str() == "connect") {
            assert!(!code.contains("std::fs"), "{} reads files", path.display());
        }
    }
}

#[test]
fn nothing_is_left_behind() {
    for path in sources() {
        let code = code_of(&path);
        for word in ["todo!", "unimplemented!", "dbg!", ".unwrap()"] {
            assert!(!code.contains(word), "{} has {word}", path.display());
        }
    }
}
