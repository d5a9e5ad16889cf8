//! One run at a time: an advisory lock of the database, held by the connection that runs.
//!
//! It belongs to the session, so a connection pooler that hands each transaction to another session (pgbouncer with
//! `pool_mode = transaction`) cannot be used.

use std::time::{Duration, Instant};

use postgres::GenericClient;

use crate::engine::Fault;
use crate::engine::postgres::fault::fault;

/// The two numbers of the lock: `migl`, `ab`.
const KEY: (i32, i32) = (0x6d69_676c, 0x6162);

/// For so long is asked again: the server must have noticed by then that the process that held the lock was killed
/// (servers before version 14 notice it only at the end of a statement).
const PATIENCE: Duration = Duration::from_millis(2500);

/// The session that holds the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process on the server.
    pub pid: i32,
    /// `application_name`
    pub application: String,
    /// Its role.
    pub role: String,
    /// Where it comes from; none for a socket of the server's own machine.
    pub client: Option<String>,
    /// When it connected, where the role may see that.
    pub since: Option<String>,
}

/// Takes the lock for this session.
///
/// # Errors
/// The server was not asked. `Ok(Err(_))` is not an error: another session holds it, and it is told which, if it can be
/// seen.
pub fn take(client: &mut impl GenericClient) -> Result<Result<(), Option<Holder>>, Fault> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let row = client.query_one("select pg_try_advisory_lock($1, $2)", &[&KEY.0, &KEY.1]);
        if row.map_err(|error| fault(&error))?.get(0) {
            return Ok(Ok(()));
        }
        if Instant::now() > give_up {
            return holder(client).map(Err);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Who holds the lock now.
///
/// # Errors
/// The server was not asked.
pub fn holder(client: &mut impl GenericClient) -> Result<Option<Holder>, Fault> {
    let query = "
        select a.pid, coalesce(a.application_name, ''), coalesce(a.usename::text, ''), host(a.client_addr),
               to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS\"Z\"')
        from pg_locks l join pg_stat_activity a on a.pid = l.pid
        where l.locktype = 'advisory' and l.granted and l.objsubid = 2 and l.classid::bigint = $1 and l.objid::bigint = $2
          and l.database = (select oid from pg_database where datname = current_database())";
    let key = (i64::from(KEY.0), i64::from(KEY.1));
    let row = client.query_opt(query, &[&key.0, &key.1]).map_err(|error| fault(&error))?;
    Ok(row.map(|row| Holder {
        pid: row.get(0),
        application: row.get(1),
        role: row.get(2),
        client: row.get(3),
        since: row.get(4),
    }))
}

impl Holder {
    /// Who it is, as part of a sentence: "pid 4711 (miglab, role `deployer`, from 10.0.0.7, since …)".
    #[must_use]
    pub fn describe(&self) -> String {
        let Self { pid, application, role, client, since } = self;
        let from = client.as_ref().map_or_else(String::new, |client| format!(", from {client}"));
        let since = since.as_ref().map_or_else(String::new, |since| format!(", connected since {since}"));
        format!("pid {pid} ({application}, role `{role}`{from}{since})")
    }
}
