//! A session: a script that is stepped through, back and forth, with statements typed into it and its applications
//! acting beside it.
//!
//! [`Session`] knows no terminal: it takes a line and replies with text, so that tests and pipes drive it as `editor`
//! does. What it asks of the machine (files, Ctrl-C) it asks a [`Host`].

#![allow(
    clippy::format_push_string,
    clippy::format_collect,
    reason = "what a session says is a few lines, put together from parts"
)]

mod absent;
mod acting;
mod commands;
mod completion;
pub(crate) mod editor;
mod guide;
mod insertion;
pub(crate) mod pipe;
mod present;
mod prompt;
mod reading;
mod schema;
mod session;
mod staleness;
mod stepping;
mod typing;
mod views;
mod why;

use std::path::Path;

pub use completion::{Completion, Vocabulary, arguments_hint, complete};
pub use prompt::Reply;
pub use reading::is_incomplete;
pub use session::Session;

use crate::diagnostic::Complaint;
use crate::source::Source;

/// What a session asks of the machine that it runs on.
pub trait Host {
    /// Reads a script.
    ///
    /// # Errors
    /// It cannot be read; the complaint says why.
    fn read(&self, path: &Path) -> Result<Source, Complaint>;

    /// Writes a script; in place of a file that is there only if it `may_replace` it.
    ///
    /// # Errors
    /// It cannot be written; the complaint says why.
    fn write(&self, path: &Path, text: &str, may_replace: bool) -> Result<(), Complaint>;

    /// Whether somebody asked to stop what is being done.
    fn interrupted(&self) -> bool;
}
