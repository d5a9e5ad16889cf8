//! `miglab plan` and `miglab sql`.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::database::{DatabaseArgs, failed};
use super::findings::{tell, tell_verdict};
use super::output::{Output, complain};
use super::{Exit, input};
use crate::ast::Script;
use crate::check::{self, Findings};
use crate::database;
use crate::engine::Fault;
use crate::engine::postgres::{Server, translate};
use crate::phrase::lasting;
use crate::plan::{Action, Gate, Plan, Step};
use crate::report::Terminal;
use crate::report::sql::{SqlPlan, SqlStatement, TableSize};
use crate::source::Source;
use crate::syntax::{self, Parsed};

/// Print every SQL statement of a plan, with its locks, its cost and what undoes it
///
/// Nothing is changed. With a database the plan is compared with it first, and sizes are those of its tables.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  miglab plan rename.mig                                 without a database
  miglab plan rename.mig --db postgres://localhost/shop  with the tables of the database
  miglab plan rename.mig --db --format sql > plan.sql    a file for `psql -f`; --db alone takes DATABASE_URL or PG*
  miglab plan rename.mig --schema dump.sql --format json")]
pub struct PlanArgs {
    /// The script, or `-` for standard input
    script: PathBuf,
    #[command(flatten)]
    database: DatabaseArgs,
    /// How to print it
    #[arg(long, value_enum, default_value_t = PlanFormat::Human)]
    format: PlanFormat,
}

/// Print the SQL of a plan as a file for psql, without a database
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  miglab sql rename.mig > rename.sql
  psql -f rename.sql")]
pub struct SqlArgs {
    /// The script, or `-` for standard input
    script: PathBuf,
    /// Take the tables from a file of `pg_dump --schema-only`
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
}

/// The forms that a translated plan can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// Text for people
    Human,
    /// A file for `psql -f`
    Sql,
    /// One JSON document
    Json,
}

impl From<&SqlArgs> for PlanArgs {
    fn from(args: &SqlArgs) -> Self {
        let database = DatabaseArgs { schema: args.schema.clone(), ..DatabaseArgs::default() };
        Self { script: args.script.clone(), database, format: PlanFormat::Sql }
    }
}

/// Prints the plan.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &PlanArgs, out: &mut Output) -> io::Result<Exit> {
    let source = match input::read(&args.script) {
        Ok(input) => input.source,
        Err(error) => {
            error.complain();
            return Ok(Exit::CouldNotRun);
        }
    };
    let parsed = syntax::parse(source.clone());
    let (server, database) = match server_of(args, &parsed.script) {
        Ok(found) => found,
        Err(exit) => return Ok(exit),
    };
    let (plan, findings) = match opened(parsed, server.as_ref()) {
        Ok(opened) => opened,
        Err(findings) => {
            tell(&findings.diagnostics, &source);
            complain(
                "the script has errors, so nothing is printed",
                Some("`miglab explain CODE` says more about each"),
            );
            return Ok(Exit::Failed);
        }
    };
    tell(&findings.diagnostics, &source);
    tell_verdict(findings.headline().as_ref(), true);
    let server = server.unwrap_or_default();
    match translated(&plan, &server, &source) {
        Ok(statements) => {
            // A file of pg_dump says nothing of sizes.
            let tables = if database.is_some() { sizes(&plan, &server) } else { Vec::new() };
            let plan =
                SqlPlan { file: source.name().to_owned(), title: plan.title.clone(), database, tables, statements };
            print(&plan, args.format, out).map(|()| Exit::Success)
        }
        Err((step, fault)) => {
            let message = format!("{}: {}", source.place(step.span), fault.message);
            complain(&message, fault.help.as_deref());
            Ok(Exit::Failed)
        }
    }
}

fn print(plan: &SqlPlan, format: PlanFormat, out: &mut Output) -> io::Result<()> {
    match format {
        PlanFormat::Human => plan.write_human(out, Terminal::stdout()),
        PlanFormat::Sql => plan.write_psql(out),
        PlanFormat::Json => plan.write_json(out),
    }
}

/// What is known of the tables, from a database or from a file, and what the database is called; nothing where neither is
/// given.
fn server_of(args: &PlanArgs, script: &Script) -> Result<(Option<Server>, Option<String>), Exit> {
    if !args.database.is_given() {
        return Ok((None, None));
    }
    let mut database = args.database.open().ok_or(Exit::CouldNotRun)?;
    let server = database.around(&database::tables(script)).map_err(|fault| failed(&fault))?;
    Ok((Some(server), database.name()))
}

/// The plan, and findings that do not stop it.
pub(super) fn opened(parsed: Parsed, server: Option<&Server>) -> Result<(Arc<Plan>, Findings), Findings> {
    let checked = match server {
        Some(server) => database::check(parsed, server),
        None => check::check(parsed, &[]),
    };
    match checked.plan.filter(|_| !checked.findings.has_errors()) {
        Some(plan) => Ok((plan, checked.findings)),
        None => Err(checked.findings),
    }
}

fn translated<'p>(plan: &'p Plan, server: &Server, source: &Source) -> Result<Vec<SqlStatement>, (&'p Step, Fault)> {
    let translated = translate::of_plan(plan, server)?;
    let statement = |(step, operations): (&Step, _)| SqlStatement {
        phase: step.phase,
        title: step.title.clone(),
        line: source.position(step.span.start).line,
        gate: gate(&step.action),
        operations,
    };
    Ok(plan.steps.iter().zip(translated).map(statement).collect())
}

/// What a person does at a gate.
fn gate(action: &Action) -> Option<String> {
    Some(match action.gate()? {
        Gate::Deploy(app) => format!("deploy `{app}` everywhere now"),
        Gate::Retire(app) => format!("take `{app}` out of service everywhere now"),
        Gate::Confirm(text) => text.to_owned(),
        Gate::Wait(ms) => format!("wait {}", lasting(ms)),
    })
}

fn sizes(plan: &Plan, server: &Server) -> Vec<TableSize> {
    let known = plan.start.tables().filter_map(|table| server.relation(&table.name));
    known
        .map(|relation| TableSize {
            table: relation.qualified(),
            rows_estimate: u64::try_from(relation.rows_estimate).ok(),
            bytes: u64::try_from(relation.bytes).unwrap_or(0),
        })
        .collect()
}
