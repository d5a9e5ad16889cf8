//! A script opened on a real database: read, held against what the database has, checked and proved.

mod compare;
mod declare;
mod drops;
mod left_out;
mod preflight;
mod round_trips;
mod rows;

use std::sync::Arc;

use postgres::GenericClient;

pub use declare::{Declaration, table as declaration, views as view_declarations};
pub use preflight::{PreflightLimits, Readiness, preflight, readiness_of_plan};

use crate::ast::{Name, Script};
use crate::check::{self, Checked, Findings};
use crate::diagnostic::{Code, Diagnostic};
use crate::engine::Fault;
use crate::engine::postgres::{Server, inspect};
use crate::plan::{KnownTable, Plan, Uses};
use crate::source::Span;
use crate::syntax::Parsed;

/// A script that fits a database.
#[derive(Debug)]
pub struct Opened {
    /// The script, with what is known of it; findings do not stand in the way.
    pub checked: Checked,
    /// What it will do, against the schema that the database has.
    pub plan: Arc<Plan>,
}

/// Asks a database for the tables that a script speaks of.
///
/// # Errors
/// The server cannot be asked.
pub fn look(client: &mut impl GenericClient, script: &Script) -> Result<Server, Fault> {
    look_around(client, &tables(script))
}

/// Asks a database for these tables, and for those that foreign keys lead to from them, and from which foreign keys lead
/// to them.
///
/// # Errors
/// The server cannot be asked.
pub fn look_around(client: &mut impl GenericClient, tables: &[Name]) -> Result<Server, Fault> {
    let server = look_at(client, tables)?;
    let mut beside = inspect::related(client, &server)?;
    if beside.is_empty() {
        return Ok(server);
    }
    beside.extend_from_slice(tables);
    look_at(client, &beside)
}

/// Asks a database for these tables.
///
/// # Errors
/// The server cannot be asked.
pub fn look_at(client: &mut impl GenericClient, tables: &[Name]) -> Result<Server, Fault> {
    inspect::inspect(client, tables)
}

/// The names of all tables that a script can name without a schema.
///
/// # Errors
/// The server cannot be asked.
pub fn names(client: &mut impl GenericClient) -> Result<Vec<Name>, Fault> {
    inspect::names(client)
}

/// The tables that a script speaks of, those that it adds included.
#[must_use]
pub fn tables(script: &Script) -> Vec<Name> {
    Uses::of(script).tables.into_iter().map(|(name, _)| name).collect()
}

/// Holds a script against a database in which it has not begun. Tables that the script does not declare are as the
/// database has them.
///
/// # Errors
/// There are errors in the script, or it says of the database what is not so: all findings, some of which are errors.
pub fn open(script: impl Into<Parsed>, server: &Server) -> Result<Opened, Findings> {
    opened(check(script, server))
}

/// The same, with a look at the rows that the database has, which are not changed.
///
/// # Errors
/// The connection is lost. Otherwise as of [`open`].
pub fn open_with_rows(
    client: &mut impl GenericClient,
    script: impl Into<Parsed>,
    server: &Server,
) -> Result<Result<Opened, Findings>, Fault> {
    Ok(opened(check_with_rows(client, script, server)?))
}

fn opened(checked: Checked) -> Result<Opened, Findings> {
    match checked.plan.clone().filter(|_| !checked.findings.has_errors()) {
        Some(plan) => Ok(Opened { checked, plan }),
        None => Err(checked.findings),
    }
}

/// Everything that there is to say of a script and the schema of a database.
#[must_use]
pub fn check(script: impl Into<Parsed>, server: &Server) -> Checked {
    checked(script.into(), server, &mut |_| {})
}

/// Everything that there is to say of a script and a database, the rows included that it has now: some are read, and all
/// are asked about. They are not changed.
///
/// # Errors
/// The connection is lost.
pub fn check_with_rows(
    client: &mut impl GenericClient,
    script: impl Into<Parsed>,
    server: &Server,
) -> Result<Checked, Fault> {
    let mut looked = Ok(());
    let checked = checked(script.into(), server, &mut |plan| looked = rows::look(client, plan, server));
    looked.map(|()| checked)
}

fn checked(parsed: Parsed, server: &Server, look: &mut dyn FnMut(&mut Plan)) -> Checked {
    let (known, mut remarks) = known_tables(&parsed.script, server);
    let mut checked = check::check_with(parsed, &known, look);
    let Checked { script, plan, findings: Findings { diagnostics, notes, .. }, .. } = &mut checked;
    diagnostics.extend(missing_tables(script, server, &known));
    if let Some(plan) = plan {
        let differences = compare::tell(script, plan, server);
        diagnostics.extend(differences.diagnostics);
        remarks.extend(differences.notes);
        drops::refuse(plan, server, diagnostics);
        diagnostics.extend(readiness_of_plan(plan, server).into_iter().map(|found| found.at(script)));
    }
    diagnostics.sort_by_key(Diagnostic::span);
    notes.append(&mut remarks);
    checked
}

/// What the server says now of running a plan on it, beyond what [`check`] finds in its schema: whether it is ready, and
/// whether the rows that it has survive the translations. Nothing is changed.
///
/// # Errors
/// The server cannot be asked.
pub fn readiness(
    client: &mut impl GenericClient,
    script: &Script,
    plan: &Plan,
    server: &Server,
) -> Result<Vec<Diagnostic>, Fault> {
    let found = preflight(client, plan, server, PreflightLimits::default())?;
    let mut found: Vec<Diagnostic> = found.into_iter().map(|found| found.at(script)).collect();
    found.extend(round_trips::round_trips(client, script, plan, server)?);
    Ok(found)
}

/// The tables that a script uses and neither declares nor adds, as the database has them, and those that foreign keys link
/// with its own.
fn known_tables(script: &Script, server: &Server) -> (Vec<KnownTable>, Vec<String>) {
    let uses = Uses::of(script);
    let (mut known, mut notes) = (Vec::new(), Vec::new());
    let declared = |name: &Name| script.tables.iter().any(|table| table.name.name == *name);
    for (name, _) in uses.tables.iter().filter(|(name, _)| !declared(name) && !uses.added.contains(name)) {
        let Some(relation) = server.relation(name) else { continue };
        let (table, left_out) = declare::known_table(name, relation, server);
        notes.extend(left_out.into_iter().map(|left_out| format!("not looked at in table `{name}`: {left_out}")));
        known.push(table);
    }
    let is_named = |name: &Name| uses.tables.iter().any(|(named, _)| named == name) || declared(name);
    let beside = server.related(&is_named).into_iter().filter(|(name, _)| !uses.added.contains(name));
    known.extend(beside.map(|(name, relation)| {
        let (table, _) = declare::known_table(name, relation, server);
        KnownTable { beside: true, ..table }
    }));
    (known, notes)
}

/// Where no table is declared, a table that is not there would be taken to exist.
fn missing_tables(script: &Script, server: &Server, known: &[KnownTable]) -> Vec<Diagnostic> {
    if !script.tables.is_empty() || !known.is_empty() {
        return Vec::new();
    }
    let uses = Uses::of(script);
    let missing = uses.tables.iter().filter(|(name, _)| !uses.added.contains(name) && server.relation(name).is_none());
    missing.map(|(name, span)| compare::no_table(name, *span, server)).collect()
}

/// Where something is told that has no place of its own: the header, or the beginning.
fn head(script: &Script) -> Span {
    let first = script.statements.first().map(|statement| statement.span);
    script.header.as_ref().map(|header| header.span).or(first).unwrap_or_default()
}

fn differs(message: impl Into<String>, span: Span, label: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::SchemaDiffers, message, span, label)
}
