//! Finds the scripts in folders.

use crate::phrase::reason;
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use super::input::{InputError, STDIN};

/// The scripts that paths name: files as they are, folders with every `*.mig` in and below them, sorted. A folder that
/// links to itself is entered once, a hidden one is not entered.
#[derive(Debug, Default)]
pub struct ScriptPaths {
    /// The scripts, in the order of the paths, each once.
    pub scripts: Vec<PathBuf>,
    /// The folders that could not be read or hold no script.
    pub errors: Vec<InputError>,
    known: HashSet<PathBuf>,
    entered: HashSet<PathBuf>,
}

impl ScriptPaths {
    /// Looks for scripts in `paths`.
    #[must_use]
    pub fn in_paths(paths: &[PathBuf]) -> Self {
        let mut found = Self::default();
        for path in paths {
            if path.as_os_str() != STDIN && path.is_dir() { found.add_root(path) } else { found.add_script(path) }
        }
        found
    }

    fn add_root(&mut self, folder: &Path) {
        let (before, errors) = (self.scripts.len(), self.errors.len());
        self.entered.clear();
        self.add_folder(folder);
        if self.scripts.len() == before && self.errors.len() == errors && !self.has_known_in(folder) {
            self.fail(folder, "there is no `.mig` file in or below it".to_owned());
        }
    }

    fn has_known_in(&self, folder: &Path) -> bool {
        self.known.iter().any(|known| known.starts_with(folder))
    }

    fn add_script(&mut self, path: &Path) {
        if self.known.insert(path.to_owned()) {
            self.scripts.push(path.to_owned());
        }
    }

    fn add_folder(&mut self, folder: &Path) {
        if folder.canonicalize().is_ok_and(|real| !self.entered.insert(real)) {
            return;
        }
        match sorted_entries(folder) {
            Ok(entries) => entries.iter().for_each(|entry| self.add_entry(entry)),
            Err(error) => self.fail(folder, reason(&error)),
        }
    }

    fn add_entry(&mut self, path: &Path) {
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.is_dir() && !hidden {
            self.add_folder(path);
        } else if path.extension().is_some_and(|extension| extension == "mig") && !path.is_dir() {
            self.add_script(path);
        }
    }

    fn fail(&mut self, folder: &Path, why: String) {
        self.errors.push(InputError::new(folder, why));
    }
}

/// What a folder holds, by name. The current folder is left out of the paths.
fn sorted_entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = folder.read_dir()?.collect::<io::Result<Vec<_>>>()?;
    let is_current = folder == Path::new(".");
    let path_of = |entry: std::fs::DirEntry| if is_current { PathBuf::from(entry.file_name()) } else { entry.path() };
    let mut paths: Vec<_> = entries.into_iter().map(path_of).collect();
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names(found: &ScriptPaths, root: &Path) -> Vec<String> {
        let name = |path: &PathBuf| path.strip_prefix(root).unwrap().display().to_string();
        found.scripts.iter().map(name).collect()
    }

    #[test]
    fn folders_are_searched_in_the_order_of_names() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("b/c.mig")).unwrap();
        fs::create_dir_all(root.path().join(".hidden")).unwrap();
        for name in ["z.mig", "a.mig", "b/y.mig", "b/x.sql", "b/c.mig/w.mig", ".hidden/v.mig"] {
            fs::write(root.path().join(name), "").unwrap();
        }
        let found = ScriptPaths::in_paths(&[root.path().to_owned(), root.path().join("a.mig")]);
        assert_eq!(names(&found, root.path()), ["a.mig", "b/c.mig/w.mig", "b/y.mig", "z.mig"]);
        assert!(found.errors.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn loops_of_links_end() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("a")).unwrap();
        fs::write(root.path().join("a/x.mig"), "").unwrap();
        std::os::unix::fs::symlink(root.path(), root.path().join("a/loop")).unwrap();
        std::os::unix::fs::symlink("gone", root.path().join("gone.mig")).unwrap();
        let found = ScriptPaths::in_paths(&[root.path().to_owned()]);
        assert_eq!(names(&found, root.path()), ["a/x.mig", "gone.mig"]);
    }

    #[test]
    fn a_folder_without_scripts_is_told() {
        let root = tempfile::tempdir().unwrap();
        let found = ScriptPaths::in_paths(&[root.path().to_owned(), "-".into(), "missing.mig".into()]);
        assert_eq!(found.scripts, [PathBuf::from("-"), "missing.mig".into()]);
        assert_eq!(found.errors[0].why, "there is no `.mig` file in or below it");
    }
}
