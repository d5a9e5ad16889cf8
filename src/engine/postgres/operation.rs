//! What is done to a database for one action, as data: it can be printed, done, undone, and kept as JSON.

use serde::{Deserialize, Serialize};

/// One thing that is done to a database. An action takes one or several, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Operation {
    /// What it is, in words: "add the column".
    pub title: String,
    /// What is done.
    pub work: Work,
    /// The locks on tables that it takes, the strongest of each table.
    pub locks: Vec<Lock>,
    /// What it costs.
    pub cost: Cost,
    /// What undoes it, in the order in which it is done.
    pub undo: Vec<Work>,
    /// What removes for good what is kept for undoing it.
    pub purge: Vec<Work>,
}

impl Operation {
    /// Work that takes one lock on one table, and leaves nothing to purge.
    #[must_use]
    pub fn new(title: impl Into<String>, work: Work, lock: Lock, cost: Cost, undo: Vec<Work>) -> Self {
        Self { title: title.into(), work, locks: vec![lock], cost, undo, purge: Vec::new() }
    }

    /// Adds locks; of each table the strongest is kept.
    pub fn lock_also(&mut self, locks: impl IntoIterator<Item = Lock>) {
        for lock in locks {
            match self.locks.iter_mut().find(|known| known.relation == lock.relation) {
                Some(known) => known.mode = known.mode.max(lock.mode),
                None => self.locks.push(lock),
            }
        }
    }

    /// Something that is only recorded.
    #[must_use]
    pub fn nothing(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            work: Work::Nothing,
            locks: Vec::new(),
            cost: Cost::Instant,
            undo: Vec::new(),
            purge: Vec::new(),
        }
    }
}

/// What is done to a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Nothing: it concerns people, or is only recorded.
    Nothing,
    /// Statements of one short transaction, under a short lock timeout, tried again until they get their locks.
    Ddl(Vec<String>),
    /// A statement that looks at many rows under a lock that hinders nobody; getting the lock is tried as for DDL.
    Scan(String),
    /// A scan that validates a constraint, and what is done after it. Where rows are in the way the constraint stays as
    /// it is, binding new writes only, and what comes after it is left out: so it is when something is undone, and
    /// applications have written since.
    ScanIfItHolds {
        /// The statement that scans.
        scan: String,
        /// DDL of one short transaction after it.
        then: Vec<String>,
    },
    /// An index built concurrently, outside a transaction. One of its name that is invalid is removed first; one that
    /// is valid is left as it is.
    BuildIndex {
        /// Its name, quoted and with its schema.
        index: String,
        /// `create [unique] index concurrently …`.
        create: String,
    },
    /// An index dropped concurrently, outside a transaction, if it is there.
    DropIndex {
        /// Its name, quoted and with its schema.
        index: String,
    },
    /// A query that must give no row. It gives one text: the row that is in the way.
    #[serde(rename = "gate")] // as journals call it that were written before it had this name
    Verify {
        /// The query.
        query: String,
        /// What is wrong where it gives a row, the row's text to follow: "`verify` fails for row".
        message: String,
    },
    /// A statement over the rows of a table, range by range.
    Rows(Box<RowsWork>),
}

/// A statement over the rows of a table, range by range, each in a short transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsWork {
    /// The table whose rows it processes, quoted and with its schema.
    pub relation: String,
    /// The columns of the key by which it goes, in order; without any it goes by `ctid`.
    pub key: Vec<KeyColumn>,
    /// The statement. The rows of the table are called `r`, and [`RANGE`] stands for the condition on the range, which
    /// comes as a parameter for each bound and key column: `$1 …` is what the range starts after, then its end.
    /// The rows that it gives back, or changes, are counted.
    pub statement: String,
    /// What is done to the whole table when all ranges are done, for rows that have moved meanwhile to where it had been
    /// already: an application may change their keys. It must be cheap where there are none.
    pub last_look: String,
    /// Rows in a batch, where the script says.
    pub batch_rows: Option<u32>,
    /// Milliseconds between two batches, where the script says.
    pub pause_ms: Option<u32>,
}

/// Stands in [`RowsWork::statement`] for the condition on the range of keys.
pub const RANGE: &str = "/*range*/ true";

/// A column of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyColumn {
    /// Its name, quoted.
    pub name: String,
    /// Its type as PostgreSQL writes it: `character varying(20)`.
    pub ty: String,
}

/// A lock on a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lock {
    /// The table, quoted and with its schema.
    pub relation: String,
    /// How strong it is.
    pub mode: LockMode,
}

/// Strengths of table locks, weakest first: <https://www.postgresql.org/docs/current/explicit-locking.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockMode {
    /// Reads.
    AccessShare,
    /// `select … for update`.
    RowShare,
    /// Writes.
    RowExclusive,
    /// `create index concurrently`, `validate constraint`.
    ShareUpdateExclusive,
    /// `create index`.
    Share,
    /// `create trigger`, `add foreign key`.
    ShareRowExclusive,
    /// `refresh materialized view concurrently`.
    Exclusive,
    /// Most of `alter table`, `drop`.
    AccessExclusive,
}

impl LockMode {
    /// PostgreSQL's name of it: `ACCESS EXCLUSIVE`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AccessShare => "ACCESS SHARE",
            Self::RowShare => "ROW SHARE",
            Self::RowExclusive => "ROW EXCLUSIVE",
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::Exclusive => "EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }

    /// Whom it keeps waiting, while it is held and while it is waited for.
    #[must_use]
    pub fn blocks(self) -> &'static str {
        match self {
            Self::AccessShare | Self::RowShare | Self::RowExclusive => "no application",
            Self::ShareUpdateExclusive => "no application; other schema changes and vacuum",
            Self::Share | Self::ShareRowExclusive => "writes",
            Self::Exclusive => "writes and locking reads",
            Self::AccessExclusive => "reads and writes",
        }
    }
}

/// What something costs on a large table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cost {
    /// Nothing that depends on the rows.
    Instant,
    /// Every row is read.
    Scan,
    /// Every row is read to build an index.
    IndexBuild,
    /// Rows are changed, batch by batch.
    Batches,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_journal_has_kept_is_still_read() {
        let verify = Work::Verify { query: "select".into(), message: "it fails for row".into() };
        let kept = r#"{"gate":{"query":"select","message":"it fails for row"}}"#;
        assert_eq!(serde_json::from_str::<Work>(kept).unwrap(), verify);
        assert_eq!(serde_json::to_string(&verify).unwrap(), kept);
    }
}
