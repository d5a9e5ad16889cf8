//! Writes down what happens in a run.

use postgres::GenericClient;
use postgres::types::ToSql;

use crate::ast::Phase;
use crate::engine::postgres::fault::fault;
use crate::engine::postgres::journal::runs::{Course, Stopped};
use crate::engine::postgres::journal::{Fence, Runner, word};
use crate::engine::{Fault, FaultKind, Help, WayOn};

/// A run that has not begun.
#[derive(Clone, Copy, Debug)]
pub struct NewRun<'a> {
    /// The file name of its script.
    pub name: &'a str,
    /// The title of the migration.
    pub title: &'a str,
    /// The text of its script.
    pub script: &'a str,
    /// What is known of tables that the script does not declare, as JSON.
    pub known: &'a str,
    /// With what options it was begun, in words.
    pub options: &'a str,
    /// How many statements it has.
    pub statements: usize,
}

/// Begins a run.
///
/// # Errors
/// The server refused.
pub fn begin(client: &mut impl GenericClient, new: &NewRun<'_>, runner: &Runner) -> Result<Fence, Fault> {
    let insert = "
        insert into miglab.run (name, title, script, hash, known, options, statements, owner, host, pid, os_user, version)
        values ($1, $2, $3, encode(sha256(convert_to($3, 'UTF8')), 'hex'), $4, $5, $6,
                encode(sha256(convert_to(random()::text || clock_timestamp() || pg_backend_pid(), 'UTF8')), 'hex'), $7, $8, $9, $10)
        returning id, owner";
    let statements = number(new.statements);
    let pid = i64::from(runner.pid);
    let values: &[&(dyn ToSql + Sync)] = &[
        &new.name,
        &new.title,
        &new.script,
        &new.known,
        &new.options,
        &statements,
        &runner.host,
        &pid,
        &runner.os_user,
        &runner.version,
    ];
    let row = client.query_one(insert, values).map_err(|error| fault(&error))?;
    let fence = Fence { run: row.get(0), owner: row.get(1) };
    event(client, fence.run, word(None), None, &format!("Started by {} on {}", runner.os_user, runner.host))?;
    Ok(fence)
}

/// Takes a run over: from now on nobody but the one who has this fence may write about it.
///
/// # Errors
/// The server refused.
pub fn claim(client: &mut impl GenericClient, run: i64, runner: &Runner, course: Course) -> Result<Fence, Fault> {
    let update = "
        update miglab.run
           set owner = encode(sha256(convert_to(random()::text || clock_timestamp() || pg_backend_pid(), 'UTF8')), 'hex'),
               host = $2, pid = $3, os_user = $4, version = $5, role = current_user, status = $6, stopped = null, reason = null,
               ended_at = case when $6 = 'complete' then ended_at end
        where id = $1 returning owner, coalesce(phase, 'pending')";
    let pid = i64::from(runner.pid);
    let values: &[&(dyn ToSql + Sync)] = &[&run, &runner.host, &pid, &runner.os_user, &runner.version, &course.word()];
    let row = client.query_one(update, values).map_err(|error| fault(&error))?;
    let (owner, state): (String, String) = (row.get(0), row.get(1));
    client
        .execute("update miglab.range set owner = $2 where run_id = $1", &[&run, &owner])
        .map_err(|error| fault(&error))?;
    let verb = match course {
        Course::RollingBack => "Rollback started",
        Course::Complete => "Purge started",
        Course::Running | Course::RolledBack => "Resumed",
    };
    event(client, run, &state, None, &format!("{verb} by {} on {}", runner.os_user, runner.host))?;
    Ok(Fence { run, owner })
}

/// Writes an event.
///
/// # Errors
/// The server refused.
pub fn event(
    client: &mut impl GenericClient,
    run: i64,
    state: &str,
    step: Option<usize>,
    text: &str,
) -> Result<(), Fault> {
    let insert = "insert into miglab.event (run_id, state, step, text) values ($1, $2, $3, $4)";
    // What no text of PostgreSQL can hold.
    let text = text.replace('\0', "\u{fffd}");
    client.execute(insert, &[&run, &state, &step.map(number), &text]).map_err(|error| fault(&error))?;
    Ok(())
}

/// A statement begins.
///
/// # Errors
/// The run was taken over, or the server refused.
pub fn begun(client: &mut impl GenericClient, fence: &Fence, phase: Option<Phase>) -> Result<(), Fault> {
    let update = "update miglab.run set phase = coalesce($3, phase), stopped = null, reason = null
                  where id = $1 and owner = $2";
    fenced(client, update, &[&fence.run, &fence.owner, &phase.map(Phase::keyword)])
}

/// A statement is done.
///
/// # Errors
/// The run was taken over, or the server refused.
pub fn done(client: &mut impl GenericClient, fence: &Fence, done: &StepDone<'_>) -> Result<(), Fault> {
    let update = "
        update miglab.run set step = $3, step_at = clock_timestamp(), phase = coalesce($4, phase), stopped = null,
               reason = null, status = case when $3 >= statements then 'complete' else 'running' end,
               ended_at = case when $3 >= statements then clock_timestamp() end
        where id = $1 and owner = $2";
    let next = number(done.step + 1);
    fenced(client, update, &[&fence.run, &fence.owner, &next, &done.phase.map(Phase::keyword)])?;
    let state = current_word(client, fence)?;
    event(client, fence.run, &state, Some(done.step), done.text)?;
    if done.is_last {
        event(client, fence.run, Course::Complete.word(), None, "Migration finished successfully")?;
    }
    Ok(())
}

/// A statement that is done.
#[derive(Clone, Copy, Debug)]
pub struct StepDone<'a> {
    /// Its place in the plan, from 0.
    pub step: usize,
    /// Its phase.
    pub phase: Option<Phase>,
    /// What it did, in words.
    pub text: &'a str,
    /// None is left after it.
    pub is_last: bool,
}

fn current_word(client: &mut impl GenericClient, fence: &Fence) -> Result<String, Fault> {
    let query = "select coalesce(phase, 'pending') from miglab.run where id = $1";
    Ok(client.query_one(query, &[&fence.run]).map_err(|error| fault(&error))?.get(0))
}

/// A statement is undone; with the first one the run is rolled back.
///
/// # Errors
/// The run was taken over, or the server refused.
pub fn undone(client: &mut impl GenericClient, fence: &Fence, step: usize, text: &str) -> Result<(), Fault> {
    let update = "update miglab.run set step = $3, step_at = clock_timestamp(), stopped = null, reason = null
                  where id = $1 and owner = $2";
    fenced(client, update, &[&fence.run, &fence.owner, &number(step)])?;
    event(client, fence.run, Course::RolledBack.word(), Some(step), text)
}

/// Everything is undone.
///
/// # Errors
/// The run was taken over, or the server refused.
pub fn rolled_back(client: &mut impl GenericClient, fence: &Fence) -> Result<(), Fault> {
    let update = "update miglab.run set status = 'rolled_back', ended_at = clock_timestamp(), stopped = null,
                  reason = null where id = $1 and owner = $2";
    fenced(client, update, &[&fence.run, &fence.owner])?;
    event(client, fence.run, Course::RolledBack.word(), None, "Migration rolled back")
}

/// A run without a statement is complete as it begins.
///
/// # Errors
/// The run was taken over, or the server refused.
pub fn complete(client: &mut impl GenericClient, fence: &Fence) -> Result<(), Fault> {
    let update = "update miglab.run set status = 'complete', ended_at = clock_timestamp() where id = $1 and owner = $2";
    fenced(client, update, &[&fence.run, &fence.owner])?;
    event(client, fence.run, Course::Complete.word(), None, "Migration finished successfully")
}

/// The run does not go on for now.
///
/// # Errors
/// The run was taken over, or the server refused.
pub fn stopped(
    client: &mut impl GenericClient,
    fence: &Fence,
    stopped: Stopped,
    reason: &str,
    step: usize,
) -> Result<(), Fault> {
    let update = "update miglab.run set stopped = $3, reason = $4 where id = $1 and owner = $2";
    let reason = reason.replace('\0', "\u{fffd}");
    fenced(client, update, &[&fence.run, &fence.owner, &stopped.word(), &reason])?;
    let text = match stopped {
        Stopped::Gate => format!("Waiting: {reason}"),
        Stopped::There => format!("Stopped: {reason}"),
        Stopped::Failed => format!("Failed: {reason}"),
        Stopped::Interrupted => format!("Interrupted: {reason}"),
    };
    let state = current_word(client, fence)?;
    event(client, fence.run, &state, Some(step), &text)
}

/// It was said that a rollback may lose writes.
///
/// # Errors
/// The run was taken over, or the server refused.
pub fn loses_writes(client: &mut impl GenericClient, fence: &Fence) -> Result<(), Fault> {
    let update = "update miglab.run set loses_writes = true where id = $1 and owner = $2";
    fenced(client, update, &[&fence.run, &fence.owner])
}

/// From now on the run cannot be rolled back any more.
///
/// # Errors
/// The run was taken over, or the server refused.
pub fn purging(client: &mut impl GenericClient, fence: &Fence) -> Result<(), Fault> {
    let update = "update miglab.run set purged_at = clock_timestamp() where id = $1 and owner = $2";
    fenced(client, update, &[&fence.run, &fence.owner])
}

/// What the run kept for its rollback is removed.
///
/// # Errors
/// The run was taken over, or the server refused.
pub fn purged(client: &mut impl GenericClient, fence: &Fence) -> Result<(), Fault> {
    purging(client, fence)?;
    event(client, fence.run, Course::Complete.word(), None, "What was kept for a rollback was removed")
}

/// A change that must hit the one row that the fence names.
pub(super) fn fenced(
    client: &mut impl GenericClient,
    update: &str,
    values: &[&(dyn ToSql + Sync)],
) -> Result<(), Fault> {
    match client.execute(update, values).map_err(|error| fault(&error))? {
        1 => Ok(()),
        _ => Err(taken_over()),
    }
}

fn taken_over() -> Fault {
    let help = Help::naming("", WayOn::Status, " says which; this process has stopped and changed nothing since");
    Fault::new(FaultKind::Server, "the run was taken over by another process").with_help(help)
}

/// A place in a plan, as the journal keeps it.
pub(super) fn number(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX)
}
