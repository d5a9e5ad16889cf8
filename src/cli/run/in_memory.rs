//! `miglab run` on the in-memory table.

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::json;

use super::args::{RowsArg, RunArgs};
use super::report_of;
use crate::ast::{Name, Phase};
use crate::cli::args::RunFormat;
use crate::cli::findings::{tell, tell_verdict};
use crate::cli::output::{Output, complain};
use crate::cli::progress::{Bar, JsonLines};
use crate::cli::{Exit, input, interrupt};
use crate::engine::memory::{Memory, Selected};
use crate::execute::{Failure, Run};
use crate::lab::{self, Lab, OpenError, RowsFile};
use crate::phrase::{did_you_mean, rows};
use crate::report::Terminal;
use crate::report::selected::{json_rows, table_of};
use crate::source::Source;
use crate::syntax::fold;

/// Rows of a table that are printed.
const MOST_SHOWN: usize = 20;

/// Runs the script.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &RunArgs, out: &mut Output) -> io::Result<Exit> {
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
    tell_verdict(lab.checked.findings.headline().as_ref(), true);
    if let Some(unknown) = unknown_table(args, &lab) {
        complain(&format!("there is no table `{unknown}` to show"), Some(&known_tables(unknown, &lab)));
        return Ok(Exit::CouldNotRun);
    }
    interrupt::listen();
    drive(args, lab, out)
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
    let mut run = Run::new(plan, memory);
    let until = args.to.map(Phase::from);
    let outcome = if args.dry_run {
        run.dry_run(until);
        Ok(())
    } else if args.format == RunFormat::Json {
        run.run(until, &mut JsonLines::new(out))
    } else {
        run.run(until, &mut Bar::new(!args.quiet))
    };
    let exit = match &outcome {
        Ok(()) => Exit::Success,
        Err(failure) => {
            complain_of(failure, checked.source());
            if failure.is_interrupt() { Exit::Interrupted } else { Exit::Failed }
        }
    };
    if !args.quiet {
        args.format.write(&report_of(&run), out)?;
    }
    args.show.iter().try_for_each(|table| show(&run, table, args.format, out))?;
    Ok(exit)
}

fn refuse(error: OpenError, source: &Source) -> Exit {
    match error {
        OpenError::Refused(diagnostics) => {
            tell(&diagnostics, source);
            complain("the script has errors, so nothing was run", Some("`miglab explain CODE` says more about each"));
            Exit::Failed
        }
        OpenError::Rows(complaint) => {
            complain(&complaint.message, complaint.help.as_deref());
            Exit::CouldNotRun
        }
    }
}

fn complain_of(failure: &Failure, source: &Source) {
    if failure.is_interrupt() {
        complain("stopped by Ctrl-C; what was done has been rolled back", None);
    } else {
        let (place, what) = (source.place(failure.span), source.first_line(failure.span));
        let message = format!("{place}: `{what}` failed: {}", failure.fault.message);
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
    let meant = did_you_mean(&fold(unknown), lab.memory.catalog().tables().map(|table| &*table.name));
    meant.unwrap_or_else(|| "name a table that the plan starts from or adds".to_owned())
}

fn show(run: &Run<Memory>, table: &str, format: RunFormat, out: &mut Output) -> io::Result<()> {
    let name: Name = fold(table).into();
    let Ok(selected) = run.engine().select(None, &name, None, None, MOST_SHOWN) else {
        return match format {
            RunFormat::Human => writeln!(out, "\n{table}: no such table"),
            RunFormat::Json => {
                writeln!(out, "{}", json!({ "event": "table", "table": &*name, "rows": null }))
            }
        };
    };
    match format {
        RunFormat::Human => {
            let total = rows(selected.total);
            let more =
                if selected.total > selected.rows.len() { format!(", the first {MOST_SHOWN}") } else { String::new() };
            writeln!(out, "\n{table} ({total}{more})")?;
            out.write_all(table_of(&selected).render(Terminal::stdout().color).as_bytes())
        }
        RunFormat::Json => table_event(&name, &selected, out),
    }
}

/// The rows of a table, as one event.
fn table_event(name: &str, selected: &Selected, out: &mut Output) -> io::Result<()> {
    let rows = json_rows(selected);
    writeln!(out, "{}", json!({ "event": "table", "table": name, "rows_total": selected.total, "rows": rows }))
}
