//! Reads what is kept of runs.

use postgres::{GenericClient, Row};

use crate::ast::Phase;
use crate::engine::Fault;
use crate::engine::postgres::fault::fault;

/// A run, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Its number.
    pub id: i64,
    /// The file name of its script.
    pub name: String,
    /// The title of the migration.
    pub title: String,
    /// The text of its script.
    pub script: String,
    /// What was known of tables that the script does not declare, as JSON.
    pub known: String,
    /// How many statements it has.
    pub statements: usize,
    /// Where it is going.
    pub course: Course,
    /// The phase of the last statement that began.
    pub phase: Option<Phase>,
    /// The next statement, from 0; going back, the next to undo is the one before it.
    pub step: usize,
    /// Why it does not go on, where it said so; a process that was killed says nothing.
    pub stopped: Option<Stopped>,
    /// What it waits for, or what went wrong.
    pub reason: Option<String>,
    /// Whether it was said that writes may be lost by the rollback.
    pub loses_writes: bool,
    /// Who ran it last: machine, process, user and role.
    pub host: String,
    /// The process on that machine.
    pub pid: i64,
    /// The user on that machine.
    pub os_user: String,
    /// The role in the database.
    pub role: String,
    /// The version of this program that ran it last.
    pub version: String,
    /// When it began.
    pub started_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
    /// When what it kept was removed.
    pub purged_at: Option<String>,
    /// Milliseconds since its last statement was done, or since it began.
    pub since_step_ms: i64,
}

/// Where a run is going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// To its end.
    Running,
    /// There.
    Complete,
    /// Back to its start.
    RollingBack,
    /// There.
    RolledBack,
}

impl Course {
    /// The word that the journal keeps.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Complete => "complete",
            Self::RollingBack => "rolling_back",
            Self::RolledBack => "rolled_back",
        }
    }

    fn of(word: &str) -> Self {
        let all = [Self::Running, Self::Complete, Self::RollingBack, Self::RolledBack];
        all.into_iter().find(|status| status.word() == word).unwrap_or(Self::Running)
    }
}

/// Why a run does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// At a gate: somebody has to do something.
    Gate,
    /// Where it was told to stop.
    There,
    /// A statement failed.
    Failed,
    /// Ctrl-C.
    Interrupted,
}

impl Stopped {
    /// The word that the journal keeps.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::There => "there",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    fn of(word: &str) -> Option<Self> {
        let all = [Self::Gate, Self::There, Self::Failed, Self::Interrupted];
        all.into_iter().find(|stopped| stopped.word() == word)
    }
}

impl RunRow {
    /// Statements done, of all, in percent.
    #[must_use]
    pub fn percent(&self) -> u8 {
        match self.statements {
            0 => u8::from(self.course == Course::Complete) * 100,
            all => u8::try_from(self.step * 100 / all).unwrap_or(100),
        }
    }

    /// Whether there is something left to do, forwards or backwards.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        matches!(self.course, Course::Running | Course::RollingBack)
    }
}

/// One thing that happened in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEvent {
    /// The run.
    pub run: i64,
    /// When, in UTC.
    pub at: String,
    /// Where the run was: `pending`, a phase, `complete`, `rolled_back`.
    pub state: String,
    /// The statement that it is about, from 0.
    pub step: Option<i32>,
    /// What happened.
    pub text: String,
}

const COLUMNS: &str = "id, name, title, script, known, statements, status, phase, step, stopped, reason, loses_writes, \
    host, pid, os_user, role, to_char(started_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS\"Z\"'), \
    to_char(ended_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS\"Z\"'), \
    to_char(purged_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS\"Z\"'), \
    (extract(epoch from clock_timestamp() - step_at) * 1000)::bigint, version";

fn run_of(row: &Row) -> RunRow {
    let count = |at: usize| usize::try_from(row.get::<_, i32>(at)).unwrap_or(0);
    let phase: Option<String> = row.get(7);
    let stopped: Option<String> = row.get(9);
    RunRow {
        id: row.get(0),
        name: row.get(1),
        title: row.get(2),
        script: row.get(3),
        known: row.get(4),
        statements: count(5),
        course: Course::of(row.get(6)),
        phase: phase.and_then(|word| Phase::ALL.into_iter().find(|phase| phase.keyword() == word)),
        step: count(8),
        stopped: stopped.and_then(|word| Stopped::of(&word)),
        reason: row.get(10),
        loses_writes: row.get(11),
        host: row.get(12),
        pid: row.get(13),
        os_user: row.get(14),
        role: row.get(15),
        started_at: row.get(16),
        ended_at: row.get(17),
        purged_at: row.get(18),
        since_step_ms: row.get(19),
        version: row.get(20),
    }
}

/// All runs, oldest first.
///
/// # Errors
/// The server was not asked.
pub fn all(client: &mut impl GenericClient) -> Result<Vec<RunRow>, Fault> {
    let query = format!("select {COLUMNS} from miglab.run order by id");
    let rows = client.query(&query, &[]).map_err(|error| fault(&error))?;
    Ok(rows.iter().map(run_of).collect())
}

/// A run by its number.
///
/// # Errors
/// The server was not asked, or there is none.
pub fn by_id(client: &mut impl GenericClient, id: i64) -> Result<RunRow, Fault> {
    let query = format!("select {COLUMNS} from miglab.run where id = $1");
    client.query_one(&query, &[&id]).map(|row| run_of(&row)).map_err(|error| fault(&error))
}

/// What happened in a run, or in all of them, oldest first.
///
/// # Errors
/// The server was not asked.
pub fn events(client: &mut impl GenericClient, run: Option<i64>) -> Result<Vec<RunEvent>, Fault> {
    let query = "select run_id, to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS\"Z\"'), state, step, text
                 from miglab.event where $1::bigint is null or run_id = $1 order by id";
    let rows = client.query(query, &[&run]).map_err(|error| fault(&error))?;
    let event =
        |row: &Row| RunEvent { run: row.get(0), at: row.get(1), state: row.get(2), step: row.get(3), text: row.get(4) };
    Ok(rows.iter().map(event).collect())
}

/// The finished runs that keep something for their rollback, or the purge of which did not come to its end.
///
/// # Errors
/// The server was not asked.
pub fn to_purge(client: &mut impl GenericClient) -> Result<Vec<RunRow>, Fault> {
    let query = format!(
        "select {COLUMNS} from miglab.run where status = 'complete'
         and (purged_at is null or exists (select from miglab.operation where run_id = id)) order by id"
    );
    let rows = client.query(&query, &[]).map_err(|error| fault(&error))?;
    Ok(rows.iter().map(run_of).collect())
}
