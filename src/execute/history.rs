//! What has happened in a run, in order.

use crate::execute::RunState;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// Where the run was.
    pub state: RunState,
    /// What happened.
    pub text: String,
}

/// Everything that happened.
#[derive(Clone, Debug, Default)]
pub struct History {
    entries: Vec<Entry>,
}

impl History {
    /// The entries, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn push(&mut self, state: RunState, text: String) {
        self.entries.push(Entry { state, text });
    }

    /// Forgets all but the oldest `entries`.
    pub(super) fn truncate(&mut self, entries: usize) {
        self.entries.truncate(entries);
    }

    /// Takes the completion out again, when a session goes on after it.
    pub(super) fn forget_completion(&mut self) {
        if self.entries.last().is_some_and(|entry| entry.state == RunState::Complete) {
            self.entries.pop();
        }
    }
}
