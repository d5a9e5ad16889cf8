//! `miglab purge`.

use std::io::{self, Write};

use clap::Args;

use super::args::{DbArgs, PaceArgs};
use super::connection::{has_journal, open_alone, told};
use super::drive::unless_interrupted;
use super::ready::Ready;
use super::resume::claimed;
use crate::cli::output::{Output, complain};
use crate::cli::{Exit, interrupt};
use crate::engine::postgres::Postgres;
use crate::engine::postgres::journal::runs::{self, RunRow, Status};
use crate::engine::postgres::session::Session;

/// Remove what finished migrations keep in a database for their rollback
#[derive(Debug, Args)]
#[command(after_help = "\
Dropped columns and tables are kept under other names until they are purged; then the migration cannot be undone any more.

Examples:
  miglab purge --db postgres://localhost/shop")]
pub struct PurgeArgs {
    #[command(flatten)]
    db: DbArgs,
    #[command(flatten)]
    pace: PaceArgs,
    /// Print nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

/// Removes what all finished runs keep.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &PurgeArgs, out: &mut Output) -> io::Result<Exit> {
    if let Err(error) = interrupt::install() {
        complain(&format!("Ctrl-C cannot be handled: {error}"), None);
    }
    let opened = open_alone(&args.db, args.pace.limits()).and_then(|mut session| {
        let rows = finished(&mut session)?;
        Ok((session, rows))
    });
    let (mut session, rows) = match opened {
        Ok(opened) => opened,
        Err(exit) => return Ok(exit),
    };
    if rows.is_empty() && !args.quiet {
        writeln!(out, "there is nothing to purge")?;
    }
    for row in rows {
        let (purged, back) = purge(args, session, &row);
        session = back;
        match purged {
            Ok(removed) if !args.quiet => writeln!(out, "{}: purged, {removed} removed", row.name)?,
            Ok(_) => {}
            Err(exit) => return Ok(exit),
        }
    }
    Ok(Exit::Success)
}

fn finished(session: &mut Session) -> Result<Vec<RunRow>, Exit> {
    if !has_journal(session)? {
        return Ok(Vec::new());
    }
    runs::to_purge(session.client()).map_err(|fault| told(&fault, Exit::CouldNotRun))
}

fn purge(args: &PurgeArgs, mut session: Session, row: &RunRow) -> (Result<usize, Exit>, Session) {
    let claimed = Ready::again(row).and_then(|ready| {
        ready.stand_where_it_began(&mut session)?;
        Ok((ready, claimed(&mut session, row, Status::Complete)?))
    });
    let (ready, fence) = match claimed {
        Ok(claimed) => claimed,
        Err(exit) => return (Err(exit), session),
    };
    let mut target = Postgres::new(session, ready.plan, fence, row.step, args.pace.rows());
    let purged = target.purge(&mut unless_interrupted);
    (purged.map_err(|fault| told(&fault, Exit::Failed)), target.into_session())
}
