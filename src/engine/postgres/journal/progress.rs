//! How far the statement that a run is at has come, as anybody may ask.

use postgres::GenericClient;

use crate::engine::Fault;
use crate::engine::postgres::Work;
use crate::engine::postgres::fault::fault;
use crate::engine::postgres::journal::operations;
use crate::engine::postgres::journal::record::number;

/// Rows of a statement that goes through a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// Rows changed so far.
    pub rows: i64,
    /// Rows that the table has, as the last `analyze` estimated them.
    pub estimate: Option<i64>,
}

impl Filled {
    /// "1200 changed, of about 5000 in the table".
    #[must_use]
    pub fn describe(&self) -> String {
        match self.estimate {
            Some(estimate) => format!("{} changed, of about {estimate} in the table", self.rows),
            None => format!("{} changed", self.rows),
        }
    }
}

/// The rows that a statement has changed, where it is one over rows that has begun.
///
/// # Errors
/// The server was not asked.
pub fn filled(client: &mut impl GenericClient, run: i64, step: usize) -> Result<Option<Filled>, Fault> {
    let query = "select sum(rows)::bigint from miglab.range where run_id = $1 and step = $2 and op >= 0";
    let row = client.query_one(query, &[&run, &number(step)]).map_err(|error| fault(&error))?;
    let Some(rows) = row.get(0) else { return Ok(None) };
    let relation = operations::of_step(client, run, step)?.into_iter().find_map(|kept| match kept.work {
        Work::Rows(work) => Some(work.relation),
        _ => None,
    });
    let estimate = "select reltuples::bigint from pg_class where oid = to_regclass($1)";
    let estimate = match relation {
        Some(relation) => client.query_opt(estimate, &[&relation]).map_err(|error| fault(&error))?,
        None => None,
    };
    let estimate = estimate.map(|row| row.get(0)).filter(|rows: &i64| *rows >= 0);
    Ok(Some(Filled { rows, estimate }))
}

/// Who a session waits for, a line each.
///
/// # Errors
/// The server was not asked.
pub fn blockers(client: &mut impl GenericClient, pid: i32) -> Result<Vec<String>, Fault> {
    let query = "
        select format('pid %s (%s), %s: %s', pid, coalesce(application_name, ''), coalesce(state, 'state not visible'),
                      left(coalesce(query, ''), 200))
        from pg_stat_activity where pid = any (pg_blocking_pids($1)) order by pid";
    let rows = client.query(query, &[&pid]).map_err(|error| fault(&error))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
