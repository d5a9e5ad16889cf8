//! No circle between files: whatever two files need of each other lies in a third, below both.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{code_of, sources};

/// A module by its path below the crate: `["plan", "names"]`.
type Module = Vec<String>;

/// What a file names of others.
#[derive(Default)]
struct File {
    /// It is the front of a folder, `mod.rs`, which puts together what lies in it.
    is_front: bool,
    /// Paths as they are written.
    names: Vec<Module>,
    /// What it gives on, by the name under which it does.
    given_on: BTreeMap<String, Module>,
}

/// A tree of `use` as its paths: `a::{b, c as d}` is `a::b` and `a::c`.
fn paths(tree: &str) -> Vec<Module> {
    let Some((prefix, list)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap().trim();
        return vec![path.split("::").filter(|part| *part != "self").map(|part| part.trim().to_owned()).collect()];
    };
    let list = list.trim().strip_suffix('}').expect("a list is closed");
    let mut depth = 0;
    let parts = list.split(|letter| {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        letter == ',' && depth == 0
    });
    let parts = parts.map(str::trim).filter(|part| !part.is_empty());
    parts.flat_map(|part| paths(&format!("{}{part}", prefix.trim()))).collect()
}

fn module_of(path: &Path) -> Module {
    let below = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap().with_extension("");
    let parts = below.iter().map(|part| part.to_str().unwrap().to_owned());
    parts.filter(|part| part != "mod" && part != "lib").collect()
}

fn read(path: &Path) -> File {
    let code = code_of(path);
    let mut file = File { is_front: path.ends_with("mod.rs"), ..File::default() };
    let mut rest = String::new();
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let after_public = line.trim_start().strip_prefix("pub").map(|rest| rest.trim_start_matches(|c| c != ' '));
        let Some(tree) = after_public.unwrap_or(line).trim_start().strip_prefix("use ") else {
            rest += line;
            rest.push('\n');
            continue;
        };
        let mut tree = tree.to_owned();
        while !tree.ends_with(';') {
            tree += lines.next().expect("a `use` ends").trim();
        }
        for path in paths(tree.trim_end_matches(';')) {
            if after_public.is_some() {
                file.given_on.insert(path.last().unwrap().clone(), path.clone());
            }
            file.names.push(path);
        }
    }
    for root in ["crate::", "super::"] {
        for (at, _) in rest.match_indices(root).filter(|(at, _)| !rest[..*at].ends_with("super::")) {
            let path: String = rest[at..].chars().take_while(|c| c.is_alphanumeric() || "_:".contains(*c)).collect();
            file.names.push(path.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect());
        }
    }
    file
}

struct Files(BTreeMap<Module, File>);

impl Files {
    /// A path from the root of the crate; none for one into another crate.
    fn absolute(&self, from: &Module, path: &[String]) -> Option<Module> {
        let ups = path.iter().take_while(|part| *part == "super").count();
        match path.first()?.as_str() {
            "crate" => Some(path[1..].to_vec()),
            "super" => Some([&from[..from.len() - ups], &path[ups..]].concat()),
            _ => Some([&from[..], path].concat()).filter(|path| self.0.contains_key(&path[..=from.len()])),
        }
    }

    /// The file that has what a path names, however often it is given on.
    fn owner(&self, from: &Module, path: &[String]) -> Option<Module> {
        let path = self.absolute(from, path)?;
        let length = (0..=path.len()).rev().find(|length| self.0.contains_key(&path[..*length]))?;
        let (owner, rest) = (path[..length].to_vec(), &path[length..]);
        let given_on = rest.first().and_then(|name| self.0[&owner].given_on.get(name));
        given_on.and_then(|path| self.owner(&owner, path)).or(Some(owner))
    }

    /// Which files each file needs in its own folder of the crate; what a front needs of its folder does not count.
    fn needs(&self) -> BTreeMap<Module, BTreeSet<Module>> {
        let of = |(module, file): (&Module, &File)| {
            let owners = file.names.iter().filter_map(|path| self.owner(module, path));
            let counts = |owner: &Module| {
                owner != module && owner.first() == module.first() && !(file.is_front && owner.starts_with(module))
            };
            (module.clone(), owners.filter(counts).collect())
        };
        self.0.iter().map(of).collect()
    }
}

/// Each pair of files of which the first needs the second, and the second the first, be it by way of others.
fn on_circles(needs: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<(String, String)> {
    let reaches = |from: &Module, to: &Module| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(at) = open.pop() {
            open.extend(needs[at].iter().filter(|next| seen.insert(*next)));
        }
        seen.contains(to)
    };
    let pairs = needs.iter().flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
    let circles = pairs.filter(|(from, to)| reaches(to, from));
    circles.map(|(from, to)| (from.join("::"), to.join("::"))).collect()
}

#[test]
fn no_files_need_each_other() {
    let files = Files(sources().iter().map(|path| (module_of(path), read(path))).collect());
    let found = on_circles(&files.needs());
    assert!(found.is_empty(), "move what both need below both: {found:#?}");
}

#[test]
fn a_circle_is_found_by_way_of_what_is_given_on() {
    let file = |is_front, uses: &str| {
        let mut file = File { is_front, names: paths(uses), ..File::default() };
        if is_front {
            file.given_on = file.names.iter().map(|path| (path.last().unwrap().clone(), path.clone())).collect();
        }
        file
    };
    let module = |name: &str| name.split("::").map(str::to_owned).collect::<Module>();
    let files = Files(BTreeMap::from([
        (module("a"), file(true, "upper::{Upper, Other}")),
        (module("a::upper"), file(false, "super::lower::{self, X as Y}")),
        (module("a::lower"), file(false, "crate::a::Upper")),
        (module("a::bottom"), file(false, "std::fmt")),
    ]));
    let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    assert_eq!(on_circles(&files.needs()), [pair("a::lower", "a::upper"), pair("a::upper", "a::lower")]);
}
