//! Whether the server is under strain: then a fill pauses. And who holds a row that a worker waits for.

use crate::phrase::lasting;
use std::thread;
use std::time::{Duration, Instant};

use postgres::Client;

use super::Options;
use super::shared::Shared;

const LOOK: Duration = Duration::from_millis(200);
const NAP: Duration = Duration::from_millis(10);

/// Looks at the server now and then, until the workers have ended. A connection that is lost is made again.
pub fn attend(shared: &Shared<'_>) {
    while !shared.is_over() {
        if let Ok(mut session) = shared.connect() {
            while !shared.is_over() && look(session.client(), shared).is_ok() {
                nap(shared, LOOK);
            }
        }
        // Who cannot look has nothing to say.
        shared.set_strain(None);
        nap(shared, LOOK);
    }
}

/// Sleeps, but not past the end of the work.
pub fn nap(shared: &Shared<'_>, time: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < time && !shared.is_over() {
        thread::sleep(NAP);
    }
}

fn look(client: &mut Client, shared: &Shared<'_>) -> Result<(), postgres::Error> {
    let backends = shared.backends().clone();
    let pids: Vec<i32> = backends.iter().map(|backend| backend.pid).collect();
    shared.set_strain(strain(client, shared.options, &pids)?);
    for backend in backends.iter().filter(|backend| backend.stuck) {
        let found = blockers(client, backend.pid)?;
        if !found.is_empty() {
            shared.of_backend(backend.pid, |backend| backend.blockers = found);
        }
    }
    Ok(())
}

/// Why the work is to pause.
fn strain(client: &mut Client, options: &Options, own: &[i32]) -> Result<Option<String>, postgres::Error> {
    if options.max_lag_ms.is_some() || options.max_lag_bytes.is_some() {
        let (milliseconds, bytes) = lag(client)?;
        if let Some(most) = options.max_lag_ms.filter(|most| milliseconds > *most) {
            return Ok(Some(format!(
                "a standby that is {} behind, with {} allowed",
                lasting(milliseconds),
                lasting(most)
            )));
        }
        if let Some(most) = options.max_lag_bytes.filter(|most| bytes > *most) {
            return Ok(Some(format!("a standby that is {bytes} bytes behind, with {most} bytes allowed")));
        }
    }
    let limits = [
        (options.max_waiting, WAITING, "sessions that wait for locks"),
        (options.max_active, ACTIVE, "sessions that are active"),
    ];
    for (most, query, what) in limits {
        let Some(most) = most else { continue };
        let number: i64 = client.query_one(query, &[&own])?.get(0);
        if number > i64::from(most) {
            return Ok(Some(format!("{number} {what}, with {most} allowed")));
        }
    }
    Ok(None)
}

const WAITING: &str = "select count(distinct pid) from pg_catalog.pg_locks where not granted and pid <> all ($1)";
const ACTIVE: &str = "select count(*) from pg_catalog.pg_stat_activity
                      where state = 'active' and backend_type = 'client backend' and pid <> all ($1)
                          and pid <> pg_backend_pid()";

/// How far the standby that is furthest behind is behind: in milliseconds and in bytes.
fn lag(client: &mut Client) -> Result<(u64, u64), postgres::Error> {
    let query = "select coalesce(max(extract(epoch from replay_lag)) * 1000, 0)::bigint,
                        coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)), 0)::bigint
                 from pg_catalog.pg_stat_replication where state = 'streaming'";
    let row = client.query_one(query, &[])?;
    let positive = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok((positive(row.get(0)), positive(row.get(1))))
}

/// Who holds what a session waits for, a line each.
fn blockers(client: &mut Client, pid: i32) -> Result<Vec<String>, postgres::Error> {
    let query = "select format('pid %s (%s), in a transaction for %s s: `%s`', a.pid,
                               coalesce(nullif(a.application_name, ''), a.usename),
                               round(extract(epoch from clock_timestamp() - a.xact_start)),
                               left(regexp_replace(a.query, '\\s+', ' ', 'g'), 80))
                 from unnest(pg_blocking_pids($1)) b (pid) join pg_catalog.pg_stat_activity a on a.pid = b.pid";
    Ok(client.query(query, &[&pid])?.iter().map(|row| row.get(0)).collect())
}
