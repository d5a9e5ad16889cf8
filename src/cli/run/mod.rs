//! `miglab run`.

mod args;
mod in_memory;
mod on_database;

use std::io;

pub use args::{RowsArg, RunArgs};

use super::Exit;
use super::args::{DbArgs, GateArgs, PaceArgs};
use super::output::{Output, complain};
use crate::engine::Engine;
use crate::execute::Run;
use crate::report::run::RunReport;

/// Runs the script.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &RunArgs, out: &mut Output) -> io::Result<Exit> {
    if args.scripts.is_empty() {
        return Ok(no_script(&args.db));
    }
    if args.db.db.is_some() {
        return on_database::execute(args, out);
    }
    if args.gates != GateArgs::default() || args.pace != PaceArgs::default() {
        let option = if args.gates == GateArgs::default() { "how hard a run works" } else { "how gates are passed" };
        complain(&format!("options that say {option} need a database"), Some("add `--db`"));
        return Ok(Exit::CouldNotRun);
    }
    in_memory::execute(args, out)
}

/// The report of a run that this process has done, or would do.
fn report_of<E: Engine>(run: &Run<E>) -> RunReport {
    let history = run.history().entries().iter().map(|entry| (entry.state.tag(), entry.text.clone()));
    RunReport::new(&run.plan().title, run.state().tag(), run.percent(), history)
}

fn no_script(db: &DbArgs) -> Exit {
    match db.is_address() {
        Ok(()) => complain("there is no script to run", Some("name one: `miglab run rename.mig`")),
        Err(fault) => complain(&fault.message, fault.help.as_deref()),
    }
    Exit::CouldNotRun
}
