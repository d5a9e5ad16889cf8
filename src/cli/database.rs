//! `miglab check --db` and `--schema`: scripts compared with a database, which is not changed.

use std::path::{Path, PathBuf};

use clap::Args;

use super::args::DbArgs;
use super::input::{self, InputError};
use super::next_command::help_of;
use super::output::complain;
use crate::ast::Name;
use crate::check::{Checked, Findings};
use crate::database;
use crate::diagnostic::Diagnostic;
use crate::engine::Fault;
use crate::engine::postgres::Server;
use crate::engine::postgres::inspect::dump::{self, Dump};
use crate::engine::postgres::session::{Limits, Session};
use crate::source::Source;
use crate::syntax;

/// Where the schema is that scripts are compared with.
#[derive(Clone, Debug, Default, Args)]
pub struct DatabaseArgs {
    #[command(flatten)]
    pub(super) db: DbArgs,
    /// Instead of a database, a dump of its schema, written by `pg_dump --schema-only`
    #[arg(long, value_name = "FILE", conflicts_with = "db")]
    pub(super) schema: Option<PathBuf>,
}

/// A schema that was found.
pub(super) enum SchemaSource {
    /// A running server, asked with the settings of a run: what is said of it here is said when it is run, too.
    Server(Box<Session>),
    /// A dump, and where it is.
    Dump(Dump, PathBuf),
}

impl DatabaseArgs {
    pub(super) fn is_given(&self) -> bool {
        self.db.db.is_some() || self.schema.is_some()
    }

    /// Connects, or reads the dump. What is wrong is said on standard error.
    pub(super) fn open(&self) -> Option<SchemaSource> {
        if let Some(path) = &self.schema {
            return read_dump(path);
        }
        let session = self.db.address().and_then(|address| Session::open(&address, Limits::default()));
        let session = session.map_err(|fault| complain_of(&fault)).ok()?;
        Some(SchemaSource::Server(Box::new(session)))
    }
}

fn read_dump(path: &Path) -> Option<SchemaSource> {
    // A dump of another format is not UTF-8; what it is tells more than where it is not.
    let is_other = std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"PGDMP"));
    let read = if is_other {
        dump::read("PGDMP")
    } else {
        let text = input::read(path).map_err(|error| error.complain()).ok()?.source;
        dump::read(text.text())
    };
    let unread = |fault: Fault| {
        complain(&format!("cannot read `{}`: {}", path.display(), fault.message), fault.help.as_deref());
    };
    read.map_err(unread).ok().map(|dump| SchemaSource::Dump(dump, path.to_owned()))
}

/// Says what is wrong with a server, or with the way to it.
pub(super) fn complain_of(fault: &Fault) {
    complain(&fault.message, help_of(fault).as_deref());
}

impl SchemaSource {
    /// What a server is called: `shop@db.example.com:5432/shop`.
    pub(super) fn name(&self) -> Option<String> {
        match self {
            Self::Server(session) => Some(session.address().to_string()),
            Self::Dump(..) => None,
        }
    }

    /// What is said of these tables; of a dump, of all.
    pub(super) fn tables(&mut self, names: &[Name]) -> Result<Server, Fault> {
        match self {
            Self::Server(session) => database::look_at(session.client(), names),
            Self::Dump(dump, _) => Ok(dump.server.clone()),
        }
    }

    /// The same, with the tables that foreign keys link with them.
    pub(super) fn around(&mut self, names: &[Name]) -> Result<Server, Fault> {
        match self {
            Self::Server(session) => database::look_around(session.client(), names),
            Self::Dump(dump, _) => Ok(dump.server.clone()),
        }
    }

    /// The names of all tables that a script can name without a schema.
    pub(super) fn all(&mut self) -> Result<Vec<Name>, Fault> {
        match self {
            Self::Server(session) => database::names(session.client()),
            Self::Dump(dump, _) => Ok(dump.server.relations.keys().cloned().collect()),
        }
    }

    /// All that there is to say of a script.
    ///
    /// # Errors
    /// The script cannot be read, or the server cannot be asked.
    pub(super) fn check(&mut self, path: &Path) -> Result<Findings, InputError> {
        let source = input::read(path)?.source;
        self.look(source).map_err(|fault| InputError {
            verb: "check",
            path: path.display().to_string(),
            help: help_of(&fault),
            why: fault.message,
        })
    }

    fn look(&mut self, source: Source) -> Result<Findings, Fault> {
        let parsed = syntax::parse(source);
        let used = database::tables(&parsed.script);
        let server = self.around(&used)?;
        let Checked { script, plan, mut findings, .. } = match self {
            Self::Server(session) => database::check_with_rows(session.client(), parsed, &server)?,
            Self::Dump(..) => database::check(parsed, &server),
        };
        let Findings { diagnostics, notes, .. } = &mut findings;
        match (self, plan) {
            (Self::Server(session), Some(plan)) => {
                diagnostics.extend(database::readiness(session.client(), &script, &plan, &server)?);
                diagnostics.sort_by_key(Diagnostic::span);
            }
            (Self::Dump(dump, path), _) => {
                let concerns = dump.unread.iter().filter(|unread| used.iter().any(|name| **name == *unread.table));
                let path = path.display();
                let note = |unread: &dump::Unread| format!("not read: {path}:{}: `{} …`", unread.line, unread.what);
                notes.extend(concerns.map(note));
            }
            _ => {}
        }
        Ok(findings)
    }
}

/// Prints what could not be reached or asked, as an error of the command.
pub(super) fn failed(fault: &Fault) -> super::Exit {
    complain_of(fault);
    super::Exit::CouldNotRun
}
