//! Who is in the way of a lock.

use std::time::Duration;

use postgres::{GenericClient, Row, Statement};

use super::tables::Locked;
use crate::engine::postgres::operation::LockMode;
use crate::phrase::lasting;

/// A session that holds, or waits for, what is in the way.
#[derive(Clone, Debug)]
pub(super) struct Blocker {
    /// None for a prepared transaction.
    pid: Option<i32>,
    /// Which of its transactions it is.
    transaction: String,
    granted: bool,
    autovacuum: bool,
    name: String,
    state: String,
    query: String,
    seconds: Option<f64>,
}

impl Blocker {
    /// Whether waiting in line sends it away, as it does an ordinary autovacuum.
    pub(super) fn gives_way(&self) -> bool {
        self.autovacuum && !self.query.contains("to prevent wraparound")
    }

    /// Whether it has its lock, and is the same as that one: something that lasts.
    pub(super) fn lasts_since(&self, before: &[Self]) -> bool {
        self.granted && before.iter().any(|other| other.pid == self.pid && other.transaction == self.transaction)
    }

    /// Whether it is one of the many that come and go on a busy table.
    fn is_passing(&self) -> bool {
        !self.autovacuum && self.seconds.is_some_and(|seconds| seconds < 0.1)
    }

    pub(super) fn pid(&self) -> Option<i32> {
        self.pid
    }

    pub(super) fn is_autovacuum(&self) -> bool {
        self.autovacuum
    }

    /// "pid 4711 (shop-v1), in a transaction for 12 s: `select …`"
    pub(super) fn in_words(&self) -> String {
        let who = match self.pid {
            Some(pid) if self.name.is_empty() => format!("pid {pid}"),
            Some(pid) => format!("pid {pid} ({})", self.name),
            None => return "a prepared transaction (see `pg_prepared_xacts`)".into(),
        };
        let since = self.seconds.map_or_else(String::new, |seconds| format!(" for {}", lasting(milliseconds(seconds))));
        let does = match self.state.as_str() {
            _ if self.autovacuum => "vacuuming".to_owned(),
            _ if !self.granted => "waiting for a lock itself".to_owned(),
            "active" | "" => "in a transaction".to_owned(),
            state => state.replace("in transaction", "in a transaction"),
        };
        let query = match self.query.as_str() {
            "" => String::new(),
            query if self.state.starts_with("idle") => format!(", last query: `{query}`"),
            query => format!(": `{query}`"),
        };
        format!("{who}, {does}{since}{query}")
    }
}

/// Those that are worth telling of: whoever comes and goes is left out, unless there is nobody else.
pub(super) fn in_the_way(blockers: &[Blocker]) -> Vec<&Blocker> {
    let lasting: Vec<&Blocker> = blockers.iter().filter(|blocker| !blocker.is_passing()).collect();
    if lasting.is_empty() { blockers.iter().collect() } else { lasting }
}

fn milliseconds(seconds: f64) -> u64 {
    let time = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default();
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What is asked of a session `a` that may be in the way; the role may not see everything of others.
const SESSION: &str = "case when a.backend_type = 'autovacuum worker'
             or (a.backend_type is null and a.pid is not null and coalesce(a.usesysid, 0) = 0)
         then 'autovacuum' else coalesce(nullif(a.application_name, ''), a.usename, '') end,
     coalesce(a.state, ''), coalesce(a.query, ''),
     extract(epoch from clock_timestamp() - coalesce(a.xact_start, a.query_start))::float8";

/// The question who is in the way of locks on tables, asked again and again.
pub(super) struct Question {
    statement: Statement,
    oids: Vec<u32>,
    modes: Vec<String>,
}

impl Question {
    pub(super) fn new(client: &mut impl GenericClient, tables: &[Locked]) -> Result<Self, postgres::Error> {
        let oids = tables.iter().map(|table| table.oid).collect();
        let modes = tables.iter().map(|table| conflicting(table.mode)).collect();
        Ok(Self { statement: client.prepare(&of_tables())?, oids, modes })
    }

    pub(super) fn ask(&self, client: &mut impl GenericClient) -> Result<Vec<Blocker>, postgres::Error> {
        client.query(&self.statement, &[&self.oids, &self.modes])?.iter().map(blocker).collect()
    }
}

/// Sessions that hold, or wait for, locks on tables (and their partitions) that are in the way of those locks.
fn of_tables() -> String {
    format!(
        "with wanted as (
             select relation, modes from unnest($1::oid[], $2::text[]) as given(relation, modes)
             union select part.relid, given.modes from unnest($1::oid[], $2::text[]) as given(relation, modes)
                 cross join lateral pg_partition_tree(given.relation) part)
         select distinct on (l.granted, l.pid, l.virtualtransaction)
             l.pid, l.virtualtransaction, l.granted, {SESSION}
         from pg_catalog.pg_locks l
         join wanted on l.relation = wanted.relation and l.mode = any (string_to_array(wanted.modes, ','))
         left join pg_catalog.pg_stat_activity a on a.pid = l.pid
         where l.locktype = 'relation' and l.pid is distinct from pg_backend_pid()
             and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
         order by l.granted desc, l.pid, l.virtualtransaction"
    )
}

/// Sessions that a session waits for.
pub(super) fn of_session(client: &mut impl GenericClient, pid: i32) -> Result<Vec<Blocker>, postgres::Error> {
    let query = format!(
        "select blocking.pid, '', true, {SESSION}
         from (select distinct unnest(pg_blocking_pids($1))) as blocking(pid)
         left join pg_catalog.pg_stat_activity a on a.pid = blocking.pid order by 1"
    );
    client.query(&query, &[&pid])?.iter().map(blocker).collect()
}

fn blocker(row: &Row) -> Result<Blocker, postgres::Error> {
    const LONGEST: usize = 80;
    let query: String = row.try_get(5)?;
    let line = query.split_whitespace().collect::<Vec<_>>().join(" ");
    let name: String = row.try_get(3)?;
    Ok(Blocker {
        pid: row.try_get::<_, Option<i32>>(0)?.filter(|pid| *pid != 0),
        transaction: row.try_get::<_, Option<String>>(1)?.unwrap_or_default(),
        granted: row.try_get(2)?,
        autovacuum: name == "autovacuum",
        name,
        state: row.try_get(4)?,
        query: match line.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        },
        seconds: row.try_get(6)?,
    })
}

/// The locks that are in the way of a lock, as `pg_locks` names them, with commas between.
fn conflicting(mode: LockMode) -> String {
    use LockMode::{
        AccessExclusive, AccessShare, Exclusive, RowExclusive, RowShare, Share, ShareRowExclusive, ShareUpdateExclusive,
    };
    let modes: &[LockMode] = match mode {
        AccessShare => &[AccessExclusive],
        RowShare => &[Exclusive, AccessExclusive],
        RowExclusive => &[Share, ShareRowExclusive, Exclusive, AccessExclusive],
        ShareUpdateExclusive => &[ShareUpdateExclusive, Share, ShareRowExclusive, Exclusive, AccessExclusive],
        Share => &[RowExclusive, ShareUpdateExclusive, ShareRowExclusive, Exclusive, AccessExclusive],
        ShareRowExclusive => {
            &[RowExclusive, ShareUpdateExclusive, Share, ShareRowExclusive, Exclusive, AccessExclusive]
        }
        Exclusive => {
            &[RowShare, RowExclusive, ShareUpdateExclusive, Share, ShareRowExclusive, Exclusive, AccessExclusive]
        }
        AccessExclusive => &[
            AccessShare,
            RowShare,
            RowExclusive,
            ShareUpdateExclusive,
            Share,
            ShareRowExclusive,
            Exclusive,
            AccessExclusive,
        ],
    };
    modes.iter().map(|mode| lock_name(*mode)).collect::<Vec<_>>().join(",")
}

/// `AccessExclusiveLock`
fn lock_name(mode: LockMode) -> String {
    let capitalised = |word: &str| format!("{}{}", &word[..1], word[1..].to_lowercase());
    format!("{}Lock", mode.name().split(' ').map(capitalised).collect::<Vec<_>>().concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_conflicts_conflicts_both_ways() {
        use LockMode::{
            AccessExclusive, AccessShare, Exclusive, RowExclusive, RowShare, Share, ShareRowExclusive,
            ShareUpdateExclusive,
        };
        let all = [
            AccessShare,
            RowShare,
            RowExclusive,
            ShareUpdateExclusive,
            Share,
            ShareRowExclusive,
            Exclusive,
            AccessExclusive,
        ];
        let conflict = |one, other| conflicting(one).split(',').any(|name| name == lock_name(other));
        for one in all {
            for other in all {
                assert_eq!(conflict(one, other), conflict(other, one), "{one:?} {other:?}");
            }
        }
        assert!(!conflict(Share, Share) && conflict(ShareUpdateExclusive, ShareUpdateExclusive));
    }
}
