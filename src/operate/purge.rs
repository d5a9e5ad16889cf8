//! The removal of what finished runs keep for their rollback.

use super::run::unless_stopped;
use super::{Claim, Error, Prepared};
use crate::engine::postgres::Postgres;
use crate::engine::postgres::fill;
use crate::engine::postgres::journal::runs::{self, Course, RunRow};
use crate::execute::Observer;

/// The finished runs that keep something for their rollback, oldest first.
///
/// # Errors
/// The server was not asked.
pub fn to_purge(claim: &mut Claim) -> Result<Vec<RunRow>, Error> {
    if !claim.database().has_journal()? {
        return Ok(Vec::new());
    }
    Ok(runs::to_purge(claim.session().client())?)
}

/// Removes what a finished run keeps for its rollback; it cannot be undone any more. Gives how many things were removed.
///
/// # Errors
/// Its script cannot be read any more, or its tables were moved; or something cannot be removed, or the observer stopped
/// it ([`Error::Halfway`]): what is left can be removed later.
pub fn purge(claim: &mut Claim, run: &RunRow, observer: &mut dyn Observer) -> Result<usize, Error> {
    let prepared = Prepared::again_in(claim.session(), run)?;
    let fence = claim.take_over(run, Course::Complete)?;
    let mut target = Postgres::new(claim.session(), prepared.plan, fence, run.step, fill::Options::default());
    let purged = target.purge(&mut |_| unless_stopped(observer));
    purged.map_err(Error::Halfway)
}
