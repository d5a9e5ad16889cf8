//! How often each script is read, resolved and proved. Only tests are built with it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What is done to a script once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Its statements are read.
    Read,
    /// Its names are resolved.
    Resolved,
    /// Its plan is proved; a changed plan, tried for a remedy, is another one.
    Proved,
}

static TALLY: Mutex<BTreeMap<(String, Stage), usize>> = Mutex::new(BTreeMap::new());

/// A script without a header has the title that its file name gives it, so that every stage knows it by one name.
fn name_of(title: &str) -> &str {
    let name = title.rsplit('/').next().unwrap_or_default();
    name.strip_suffix(".mig").unwrap_or(name)
}

thread_local! {
    static ASIDE: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, nothing of its thread is counted: a script that was changed for a trial has the name of the first.
pub struct Aside(());

/// Counts nothing for a while.
#[must_use]
pub fn aside() -> Aside {
    ASIDE.set(true);
    Aside(())
}

impl Drop for Aside {
    fn drop(&mut self) {
        ASIDE.set(false);
    }
}

/// Counts one more.
pub fn note(stage: Stage, title: &str) {
    if ASIDE.get() {
        return;
    }
    let mut tally = TALLY.lock().unwrap_or_else(PoisonError::into_inner);
    *tally.entry((name_of(title).to_owned(), stage)).or_default() += 1;
}

/// How often a script was read, resolved and proved.
pub fn of(title: &str) -> [usize; 3] {
    let tally = TALLY.lock().unwrap_or_else(PoisonError::into_inner);
    [Stage::Read, Stage::Resolved, Stage::Proved]
        .map(|stage| tally.get(&(name_of(title).to_owned(), stage)).copied().unwrap_or(0))
}
