//! Holds the architecture true by reading `use` lines: which module may know which (ARCHITECTURE.md has the picture).

mod circles;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A module, and the modules of this crate that it may name: only such as stand before it.
const LAYERS: &[(&str, &str)] = &[
    ("source", ""),
    ("data", ""),
    ("phrase", ""),
    ("ast", "data source"),
    ("diagnostic", "phrase source"),
    ("syntax", "ast data diagnostic phrase source"),
    ("expr", "ast data diagnostic phrase source"),
    ("catalog", "ast data expr"),
    ("plan", "ast catalog data diagnostic expr phrase source syntax"),
    ("obligations", "ast catalog data expr phrase plan"),
    ("prove", "ast catalog data expr obligations phrase plan"),
    ("engine", "ast catalog data diagnostic expr phrase plan"),
    ("rows", "ast catalog data diagnostic engine expr phrase source"),
    ("check", "ast catalog data diagnostic engine expr obligations phrase plan prove rows source syntax"),
    ("execute", "ast engine phrase plan source"),
    ("replay", "ast catalog data engine expr plan prove rows source"),
    ("lab", "ast check diagnostic engine phrase plan rows source syntax"),
    ("database", "ast catalog check data diagnostic engine expr phrase plan prove source syntax"),
    ("operate", "ast check database diagnostic engine execute phrase plan prove source syntax"),
    ("fix", "check diagnostic source"),
    ("infer", "check diagnostic plan source syntax"),
    ("scaffold", "ast check diagnostic source syntax"),
    ("report", "ast data diagnostic engine phrase plan prove source"),
    ("repl", "ast catalog check data diagnostic engine execute expr lab phrase plan prove replay report source syntax"),
    (
        "cli",
        "ast check data database diagnostic engine execute fix infer lab operate phrase plan prove repl report \
         scaffold source syntax",
    ),
];

/// The root of the library and the program, which only put the others together, and what counts for unit tests.
const ROOTS: &[&str] = &["lib", "main", "tally"];

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
            // What counts for the unit tests is not in the library.
            let is_own = named == module || named.is_empty() || named == "tally";
            if !is_own && !allowed.split(' ').any(|name| name == named) {
                wrong.push(format!("{} names crate::{named}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_has_a_layer() {
    let known = |module: &str| ROOTS.contains(&module) || LAYERS.iter().any(|(name, _)| *name == module);
    let unknown: Vec<String> = sources().iter().map(|path| module_of(path)).filter(|module| !known(module)).collect();
    assert!(unknown.is_empty(), "say in tests/structure what these may know: {unknown:?}");
}

#[test]
fn no_layer_knows_one_above_it() {
    for (at, (module, allowed)) in LAYERS.iter().enumerate() {
        let is_below = |name: &&str| LAYERS[..at].iter().any(|(below, _)| below == name);
        let above: Vec<&str> = allowed.split_whitespace().filter(|name| !is_below(name)).collect();
        assert!(above.is_empty(), "{module} may know {above:?}, which do not stand before it");
    }
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

/// A rollback is one call from the command to `operate`, and from there to the engine: the command knows neither the
/// journal nor the operations, and neither of both knows SQL.
#[test]
fn only_the_engine_talks_to_the_server_about_runs() {
    let sql = [".query(", ".query_one(", ".query_opt(", "batch_execute(", ".transaction()"];
    let of_the_engine = ["postgres::journal", "postgres::postgres_engine", "postgres::Postgres", "execute::GateCheck"];
    // A connection without the settings of a session answers otherwise than a run would be answered.
    let ways_past_it = ["APPLICATION_NAME", "inspect::inspect", "translate::Scene"];
    for path in sources() {
        let (module, code) = (module_of(&path), code_of(&path));
        let is_edge = module == "cli";
        if is_edge || ["operate", "database"].contains(&module.as_str()) {
            assert!(sql.iter().all(|word| !code.contains(word)), "{} asks the server", path.display());
        }
        if is_edge {
            assert!(of_the_engine.iter().all(|word| !code.contains(word)), "{} knows the journal", path.display());
            assert!(ways_past_it.iter().all(|word| !code.contains(word)), "{} goes past a session", path.display());
        }
    }
}

/// What a command is called is known where the commands are.
#[test]
fn the_engine_names_no_command() {
    for path in sources().iter().filter(|path| ["engine", "operate"].contains(&module_of(path).as_str())) {
        assert!(!code_of(path).contains("`miglab "), "{} names a command", path.display());
    }
}

#[test]
fn no_file_is_forgotten() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let roots = ["lib", "main", "mod"];
    let files = sources().into_iter().filter(|path| !roots.contains(&path.file_stem().unwrap().to_str().unwrap()));
    let forgotten: Vec<_> = files
        .filter(|path| {
            let folder = path.parent().unwrap();
            let parent = if folder == top { top.join("lib.rs") } else { folder.join("mod.rs") };
            let name = path.file_stem().unwrap().to_str().unwrap();
            !fs::read_to_string(parent).unwrap().contains(&format!("mod {name};"))
        })
        .collect();
    assert!(forgotten.is_empty(), "no `mod` line leads to {forgotten:?}");
}

/// The files that name functions for another reason, and how many: calls that SQL writes in forms of their own
/// (`trim(both from x)`), as they are read and printed, reserved words, the functions that take any number of values, and those
/// that give a whole number beside another.
const NAMES_FUNCTIONS: &[(&str, usize)] = &[
    ("syntax/expression.rs", 10),
    ("syntax/print.rs", 4),
    ("syntax/keywords.rs", 4),
    ("expr/function.rs", 4),
    ("expr/domain/arithmetic.rs", 4),
];

/// What is known of a function stands in its row of the registry. A name or two is also another word.
#[test]
fn functions_are_listed_in_the_registry_alone() {
    let names: BTreeSet<&str> = miglab::expr::function_names().collect();
    for path in sources() {
        if path.components().any(|part| part.as_os_str() == "functions") {
            continue;
        }
        let code = code_of(&path);
        let named: Vec<_> = names.iter().filter(|name| code.contains(&format!("\"{name}\""))).collect();
        let known = NAMES_FUNCTIONS.iter().find(|(file, _)| path.ends_with(file));
        let most = known.map_or(2, |(_, count)| *count);
        assert!(named.len() <= most, "{} lists functions: {named:?}", path.display());
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

/// What no message says any more: nobody would say it to a colleague.
const STILTED: &[&str] = &[
    "behind",
    "to be had",
    "live no more",
    "come to harm",
    "comes to harm",
    "held against",
    "it is not said",
    "in the midst of",
    "hangs on",
    "of this name",
    "mended",
    "stands in the way",
    "is there already",
    "anew",
];

/// A standby lags behind; the others are a value of the JSON output and part of a name.
const PLAIN: &[&str] = &["{} behind,", "bytes behind,", "\"behind\"", "{mended}"];

/// The string literals of some code, in their quotes.
fn literals(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find('"') {
        let before = &rest[..start];
        let hashes = before.len() - before.trim_end_matches('#').len();
        let is_raw = before.trim_end_matches('#').ends_with('r');
        let body = &rest[start + 1..];
        let length = if before.ends_with('\'') || before.ends_with("'\\") {
            Some(0) // the character `"`
        } else if is_raw {
            body.find(&format!("\"{}", "#".repeat(hashes))).map(|end| end + 1)
        } else {
            let mut is_escaped = false;
            let end = body.find(|letter| {
                let ends = letter == '"' && !is_escaped;
                is_escaped = letter == '\\' && !is_escaped;
                ends
            });
            end.map(|end| end + 1)
        };
        let length = length.expect("a literal is closed");
        found.push(&rest[start..=start + length]);
        rest = &body[length..];
    }
    found
}

/// The stilted words in a text, whose line ends may be anywhere.
fn stilted(text: &str) -> Vec<&'static str> {
    let text = text.replace("\\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ");
    let text = PLAIN.iter().fold(text, |text, plain| text.replace(plain, ""));
    let is_word = |at: usize, length: usize| {
        !text[..at].ends_with(char::is_alphanumeric) && !text[at + length..].starts_with(char::is_alphanumeric)
    };
    let stands = |phrase: &str| text.match_indices(phrase).any(|(at, _)| is_word(at, phrase.len()));
    STILTED.iter().copied().filter(|phrase| stands(phrase)).collect()
}

/// The help texts of a command line: the doc comments of a file that derives arguments, a paragraph each.
fn help_texts(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let derives = |line: &str, name: &str| line.contains("derive(") && line.contains(name);
    let is_help = ["Parser", "Args", "Subcommand", "ValueEnum"];
    if !text.lines().any(|line| is_help.iter().any(|name| derives(line, name))) {
        return Vec::new();
    }
    let mut paragraphs = vec![String::new()];
    for line in text.lines() {
        match (line.trim_start().strip_prefix("///"), paragraphs.last_mut()) {
            (Some(words), Some(paragraph)) => *paragraph = format!("{paragraph} {}", words.trim()),
            _ => paragraphs.push(String::new()),
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

/// README, the book and what else is written for people. In ARCHITECTURE.md chunks lie behind an `Arc`.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [root.to_owned(), root.join("docs"), root.join("docs/codes")];
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
    let pages = files.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    pages.filter(|path| path.file_name().is_some_and(|name| name != "ARCHITECTURE.md")).collect()
}

#[test]
fn messages_and_pages_are_plain_english() {
    assert_eq!(stilted("a write \\\n   behind it"), ["behind"]);
    assert_eq!(literals(r##"f('"', "a \" b", r#"c " d"#)"##), ["\"", "\"a \\\" b\"", "\"c \" d\""]);
    let (mut wrong, mut helped) = (Vec::new(), 0);
    for path in &sources() {
        let (code, help) = (code_of(path), help_texts(path));
        helped += help.len();
        for text in literals(&code).into_iter().chain(help.iter().map(String::as_str)) {
            let phrases = stilted(text);
            if !phrases.is_empty() {
                wrong.push(format!("{}: {phrases:?} in {text}", path.display()));
            }
        }
    }
    assert!(helped > 150, "the help of the command line is read: {helped}");
    for path in pages() {
        let phrases = stilted(&fs::read_to_string(&path).unwrap());
        if !phrases.is_empty() {
            wrong.push(format!("{}: {phrases:?}", path.display()));
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "say it as you would to a colleague");
}
