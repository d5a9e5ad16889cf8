//! `miglab run`.

pub(super) mod bar;
pub(super) mod events;
mod pace;

use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::life::args::{DbArgs, GateArgs, PaceArgs};
use super::life::begin;
use super::output::{Output, complain};
use super::selected::table_of;
use super::{Exit, input, interrupt};
use crate::ast::{Name, Phase};
use crate::diagnostic::Diagnostic;
use crate::engine::memory::Memory;
use crate::execute::{Entry, Failure, Run};
use crate::lab::{self, Lab, OpenError, RowsFile};
use crate::plan::nearest;
use crate::report::run::RunReport;
use crate::report::{Terminal, counted, render};
use crate::source::Source;

/// Rows of a table that are printed.
const MOST_SHOWN: usize = 20;

/// Run a migration, on an in-memory table or on a database
#[derive(Debug, Args)]
#[command(after_help = "\
A script with errors is refused. In memory, a statement that fails rolls back everything before it. In a database the run
stays where it is, and `miglab resume` goes on. It stops before `deploy`, `retire`, `confirm` and `wait`, with exit code 4.

Examples:
  miglab run rename.mig                                       with the script's own rows
  miglab run rename.mig --rows users=people.csv --show users  with rows from a file
  miglab run rename.mig --to migrate                          stop before the contract phase
  miglab run rename.mig --dry-run                             say what would be done
  miglab run rename.mig --db postgres://localhost/shop        on a database, to the first gate
  miglab run migrations --db                                  all scripts of a folder, on DATABASE_URL")]
pub struct RunArgs {
    /// The script, or `-` for standard input; with `--db` also several scripts and folders, run in the order of their
    /// names, each once
    #[arg(value_name = "SCRIPT")]
    pub scripts: Vec<PathBuf>,
    /// The database, where it is not the in-memory table.
    #[command(flatten)]
    pub db: DbArgs,
    /// Say what each statement would do, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Stop after this phase
    #[arg(long, value_name = "PHASE")]
    pub to: Option<PhaseArg>,
    /// Print this table when the run has ended; can be given for several tables
    #[arg(long, value_name = "TABLE", conflicts_with = "db")]
    pub show: Vec<String>,
    /// Rows for a table, instead of the script's own; can be given for several tables
    #[arg(long, value_name = "TABLE=FILE.csv", conflicts_with = "db")]
    pub rows: Vec<RowsArg>,
    /// How a run in a database passes its gates.
    #[command(flatten)]
    pub gates: GateArgs,
    /// Remove at the end what is kept for a rollback
    #[arg(long, requires = "db")]
    pub purge: bool,
    /// How hard a run in a database works.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// How to report what is done
    #[arg(long, value_enum, default_value_t = RunFormat::Human)]
    pub format: RunFormat,
    /// Print no progress and no report, only errors and the tables asked for
    #[arg(short, long)]
    pub quiet: bool,
}

/// The forms that the report of a run can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RunFormat {
    /// Text for people
    Human,
    /// Events as JSON lines
    Json,
}

/// A phase to stop after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PhaseArg {
    /// Only add what is new
    Expand,
    /// Move the data as well
    Migrate,
    /// Everything
    Contract,
}

impl From<PhaseArg> for Phase {
    fn from(phase: PhaseArg) -> Self {
        match phase {
            PhaseArg::Expand => Self::Expand,
            PhaseArg::Migrate => Self::Migrate,
            PhaseArg::Contract => Self::Contract,
        }
    }
}

/// `TABLE=FILE.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsArg {
    /// The table, as written.
    pub table: String,
    /// The file that holds its rows.
    pub file: PathBuf,
}

impl FromStr for RowsArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((table, file)) if !table.is_empty() && !file.is_empty() => {
                Ok(Self { table: table.to_owned(), file: file.into() })
            }
            _ => Err("write the table and its file as in `users=people.csv`".to_owned()),
        }
    }
}

impl RowsArg {
    /// What the lab takes, the name folded as a script folds it.
    #[must_use]
    pub fn to_rows_file(&self) -> RowsFile {
        RowsFile { table: fold(&self.table).into(), path: self.file.clone() }
    }
}

/// A name as PostgreSQL folds it: lower case unless it is quoted.
fn fold(name: &str) -> String {
    match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => name.to_lowercase(),
    }
}

/// Runs the script.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &RunArgs, out: &mut Output) -> io::Result<Exit> {
    if args.scripts.is_empty() {
        return Ok(no_script(&args.db));
    }
    if args.db.db.is_some() {
        return begin::execute(args, out);
    }
    if args.gates != GateArgs::default() || args.pace != PaceArgs::default() {
        complain("these options need a database", Some("add `--db`"));
        return Ok(Exit::CouldNotRun);
    }
    let source = match read_one(&args.scripts) {
        Ok(source) => source,
        Err(exit) => return Ok(exit),
    };
    let files: Vec<RowsFile> = args.rows.iter().map(RowsArg::to_rows_file).collect();
    let lab = match lab::open(source.clone(), &files) {
        Ok(lab) => lab,
        Err(error) => return Ok(refuse(error, &source)),
    };
    tell(&lab.checked.findings.diagnostics, &source);
    if let Some(unknown) = unknown_table(args, &lab) {
        complain(&format!("there is no table `{unknown}` to show"), Some(&known_tables(unknown, &lab)));
        return Ok(Exit::CouldNotRun);
    }
    if let Err(error) = interrupt::install() {
        complain(&format!("Ctrl-C cannot be handled: {error}"), None);
    }
    drive(args, lab, out)
}

fn no_script(db: &DbArgs) -> Exit {
    if db.is_address() {
        complain("there is no script to run", Some("name one: `miglab run rename.mig`"));
    }
    Exit::CouldNotRun
}

fn read_one(scripts: &[PathBuf]) -> Result<Source, Exit> {
    let [script] = scripts else {
        complain("in memory one script is run at a time", Some("several are run on a database: add `--db`"));
        return Err(Exit::CouldNotRun);
    };
    input::read(script).map(|input| input.source).map_err(|error| {
        error.complain();
        Exit::CouldNotRun
    })
}

fn drive(args: &RunArgs, lab: Lab, out: &mut Output) -> io::Result<Exit> {
    let Lab { checked, plan, memory, .. } = lab;
    let source = checked.source();
    let mut run = Run::new(plan, memory);
    let until = args.to.map(Phase::from);
    let outcome = if args.dry_run {
        run.dry_run(until);
        Ok(())
    } else if args.format == RunFormat::Json {
        run.run(until, &mut events::JsonLines::new(out))
    } else {
        run.run(until, &mut bar::Bar::new(!args.quiet))
    };
    let exit = match &outcome {
        Ok(()) => Exit::Success,
        Err(failure) => {
            complain_of(failure, source);
            if failure.is_interrupt() { Exit::Interrupted } else { Exit::Failed }
        }
    };
    report(args, &run, out)?;
    args.show.iter().try_for_each(|table| show(&run, table, args.format, out))?;
    Ok(exit)
}

fn report(args: &RunArgs, run: &Run<Memory>, out: &mut Output) -> io::Result<()> {
    let entry = |entry: &Entry| (entry.state.tag().to_owned(), entry.text.clone());
    let report = RunReport {
        title: run.plan().title.clone(),
        phase: run.state().tag(),
        progress_percent: run.percent(),
        history: run.history().entries().iter().map(entry).collect(),
    };
    match args.format {
        _ if args.quiet => Ok(()),
        RunFormat::Human => report.write_human(out),
        RunFormat::Json => report.write_json(out),
    }
}

fn refuse(error: OpenError, source: &Source) -> Exit {
    match error {
        OpenError::Refused(diagnostics) => {
            tell(&diagnostics, source);
            complain("the script has errors, so nothing was run", Some("`miglab explain CODE` says more about each"));
            Exit::Failed
        }
        OpenError::Rows { message, help } => {
            complain(&message, help.as_deref());
            Exit::CouldNotRun
        }
    }
}

/// Findings go to standard error: standard output is for the report of the run.
pub(super) fn tell(diagnostics: &[Diagnostic], source: &Source) {
    let terminal = Terminal::stderr();
    // Who may be live beside the plan matters to `check`; here the plan is alone.
    let told = diagnostics.iter().filter(|diagnostic| !diagnostic.is_about_assumed_versions());
    let text: String = told.map(|diagnostic| render(diagnostic, source, terminal)).collect();
    io::stderr().write_all(text.as_bytes()).ok();
}

fn complain_of(failure: &Failure, source: &Source) {
    if failure.is_interrupt() {
        complain("stopped by Ctrl-C; what was done has been rolled back", None);
    } else {
        let place = source.position(failure.span.start);
        let what = source.slice(failure.span).lines().next().unwrap_or_default();
        let message =
            format!("{}:{}:{}: `{what}` failed: {}", source.name(), place.line, place.column, failure.fault.message);
        complain(&message, failure.fault.help.as_deref());
    }
    if let Some(fault) = &failure.undo_fault {
        complain(&format!("the rollback stopped: {}", fault.message), fault.help.as_deref());
    }
}

fn unknown_table<'a>(args: &'a RunArgs, lab: &Lab) -> Option<&'a String> {
    let known = |name: &str| lab.memory.catalog().table(name).is_some() || lab.plan.adds_table(name);
    args.show.iter().find(|name| !known(&fold(name)))
}

fn known_tables(unknown: &str, lab: &Lab) -> String {
    match nearest(&fold(unknown), lab.memory.catalog().tables().map(|table| &*table.name)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "name a table that the plan starts from or adds".to_owned(),
    }
}

fn show(run: &Run<Memory>, table: &str, format: RunFormat, out: &mut Output) -> io::Result<()> {
    let name: Name = fold(table).into();
    let Ok(selected) = run.target().select(None, &name, None, None, MOST_SHOWN) else {
        return match format {
            RunFormat::Human => writeln!(out, "\n{table}: no such table"),
            RunFormat::Json => {
                writeln!(out, "{}", serde_json::json!({ "event": "table", "table": &*name, "rows": null }))
            }
        };
    };
    match format {
        RunFormat::Human => {
            let total = counted(selected.total, "row", "rows");
            let more =
                if selected.total > selected.rows.len() { format!(", the first {MOST_SHOWN}") } else { String::new() };
            writeln!(out, "\n{table} ({total}{more})")?;
            out.write_all(table_of(&selected).render(Terminal::stdout().color).as_bytes())
        }
        RunFormat::Json => events::table(&name, &selected, out),
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_name_a_table_and_a_file() {
        let rows: RowsArg = "users=a=b.csv".parse().unwrap();
        assert_eq!(rows, RowsArg { table: "users".into(), file: "a=b.csv".into() });
        assert!("users".parse::<RowsArg>().is_err());
        assert!("=x.csv".parse::<RowsArg>().is_err());
    }
}
