//! A vacuum in a loop beside a fill, so that new versions of rows go where old ones were.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::Duration;

use postgres::Client;

use super::pressure::nap;
use super::shared::Shared;
use super::split;
use crate::engine::postgres::quote;
use crate::engine::postgres::session::Session;

/// From so many bytes on, a table is vacuumed.
const LARGE: i64 = 32 << 20;
/// So many rounds for a whole table: each reads what has changed since the one before.
const ROUNDS: u64 = 8;
/// How often it looks whether it is time for the next.
const REST: Duration = Duration::from_millis(50);

/// A vacuum that runs, if it does.
pub struct Vacuum<'scope> {
    runs: Option<(ScopedJoinHandle<'scope, ()>, Arc<AtomicI32>)>,
}

impl<'scope> Vacuum<'scope> {
    /// Starts it, where that is wanted, the table large enough, and the role may.
    pub fn start<'env: 'scope>(
        scope: &'scope Scope<'scope, 'env>,
        shared: &'env Shared<'env>,
        session: &mut Session,
    ) -> Self {
        let wanted = shared.options.vacuum && is_worth_it(session.client(), &shared.work.relation).unwrap_or(false);
        let rows = split::estimate(session.client(), &shared.work.relation).unwrap_or_default();
        let runs = wanted.then(|| {
            let pid = Arc::new(AtomicI32::new(0));
            let told = Arc::clone(&pid);
            (scope.spawn(move || attend(shared, &told, (rows / ROUNDS).max(1))), pid)
        });
        Self { runs }
    }

    /// Ends it at once.
    pub fn stop(self, session: &mut Session) {
        let Some((thread, pid)) = self.runs else { return };
        while !thread.is_finished() {
            // Where it cannot be cancelled, it is waited for.
            let _ = session.client().query("select pg_cancel_backend($1)", &[&pid.load(Ordering::Relaxed)]);
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Whether the table is large and the role may vacuum it.
fn is_worth_it(client: &mut Client, relation: &str) -> Result<bool, postgres::Error> {
    let query = format!(
        "select sum(pg_relation_size(t.relid))::bigint >= $1 and bool_and(pg_has_role(c.relowner, 'usage'))
         from (select {relation}::regclass as relid
               union select relid from pg_partition_tree({relation}::regclass) where isleaf) t
         join pg_catalog.pg_class c on c.oid = t.relid",
        relation = quote::text(relation),
    );
    Ok(client.query_one(&query, &[&LARGE])?.get::<_, Option<bool>>(0).unwrap_or(false))
}

/// Vacuums each time that so many rows are done, until the workers have ended. What goes wrong with it does not matter to
/// the fill.
fn attend(shared: &Shared<'_>, pid: &AtomicI32, rows: u64) {
    let Ok(mut session) = shared.connect() else { return };
    let client = session.client();
    let Ok(row) = client.query_one("select pg_backend_pid()", &[]) else { return };
    pid.store(row.get(0), Ordering::Relaxed);
    let vacuum = format!("vacuum (truncate off, skip_locked, index_cleanup off) {}", shared.work.relation);
    let mut next = rows;
    while !shared.is_over() {
        if shared.seen.load(Ordering::Relaxed) < next {
            nap(shared, REST);
        } else if client.batch_execute(&vacuum).is_ok() {
            next = shared.seen.load(Ordering::Relaxed) + rows;
        } else {
            return;
        }
    }
}
