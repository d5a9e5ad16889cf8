//! `miglab new KIND …`: plans without typing. Each kind is a complete, commented script that is safe over every
//! interleaving of the plan with the two versions of the application.

mod add_column;
mod add_index;
mod change_type;
mod constraints;
mod draft;
mod drops;
mod expression;
mod names;
mod options;
mod rename_column;
mod reshape;
mod samples;
mod tables;
#[cfg(test)]
mod tests;

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub use add_column::AddColumn;
pub use add_index::AddIndex;
pub use change_type::ChangeType;
pub use constraints::{AddCheck, AddForeignKey, AddNotNull, AddUnique, SetDefault};
pub use drops::{DropColumn, DropTable};
pub use rename_column::RenameColumn;
pub use reshape::{MergeColumns, SplitColumn};
pub use tables::{AddTable, RenameTable, SplitTable};

/// What `miglab new` takes.
#[derive(clap::Args, Clone, Debug)]
pub struct New {
    /// What the script does.
    #[command(subcommand)]
    pub kind: Kind,
    /// Write the script to this file instead of the standard output
    #[arg(long, short, global = true, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, global = true, requires = "output")]
    pub force: bool,
}

/// What a script can be about.
#[derive(clap::Subcommand, Clone, Debug)]
#[allow(missing_docs, reason = "each variant's arguments say what it is, and are its help")]
pub enum Kind {
    AddColumn(AddColumn),
    RenameColumn(RenameColumn),
    SplitColumn(SplitColumn),
    MergeColumns(MergeColumns),
    ChangeType(ChangeType),
    DropColumn(DropColumn),
    AddNotNull(AddNotNull),
    AddUnique(AddUnique),
    AddCheck(AddCheck),
    AddForeignKey(AddForeignKey),
    AddIndex(AddIndex),
    SetDefault(SetDefault),
    AddTable(AddTable),
    DropTable(DropTable),
    RenameTable(RenameTable),
    SplitTable(SplitTable),
}

/// The script of this kind, in the formatter's form.
///
/// # Errors
/// The arguments contradict each other, or do not make a script.
pub fn script(kind: &Kind) -> Result<String, String> {
    match kind {
        Kind::AddColumn(kind) => kind.script(),
        Kind::RenameColumn(kind) => kind.script(),
        Kind::SplitColumn(kind) => kind.script(),
        Kind::MergeColumns(kind) => kind.script(),
        Kind::ChangeType(kind) => kind.script(),
        Kind::DropColumn(kind) => kind.script(),
        Kind::AddNotNull(kind) => kind.script(),
        Kind::AddUnique(kind) => kind.script(),
        Kind::AddCheck(kind) => kind.script(),
        Kind::AddForeignKey(kind) => kind.script(),
        Kind::AddIndex(kind) => kind.script(),
        Kind::SetDefault(kind) => kind.script(),
        Kind::AddTable(kind) => kind.script(),
        Kind::DropTable(kind) => kind.script(),
        Kind::RenameTable(kind) => kind.script(),
        Kind::SplitTable(kind) => kind.script(),
    }
}

/// Writes a script to a file; a file that exists is replaced only with `force`.
///
/// # Errors
/// The file exists, or cannot be written.
pub fn write(script: &str, path: &Path, force: bool) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    options.open(path)?.write_all(script.as_bytes())
}
