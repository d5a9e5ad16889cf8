//! Every counterexample that the prover finds, replayed on the in-memory table, ends in the anomaly that it claims; and
//! after each event the table looks as the proof says.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miglab::engine::memory::Memory;
use miglab::plan::Plan;
use miglab::plan::assumed::{assumed, plan_with};
use miglab::prove::{AnomalyKind, Proof, Schedule, prove};
use miglab::replay::{Replay, ReplayOutcome};
use miglab::source::Source;
use miglab::syntax;

fn resolve(name: &str, text: &str) -> Option<Arc<Plan>> {
    let parsed = syntax::parse(Source::new(name, text));
    Plan::resolve(&parsed.script, &[]).ok().filter(|_| parsed.diagnostics.is_empty()).map(Arc::new)
}

/// Plays a replay to its end; gives what is not as it should be.
fn faults(replay: Result<Replay, miglab::engine::Fault>) -> Vec<String> {
    let mut replay = match replay {
        Ok(replay) => replay,
        Err(fault) => return vec![format!("it cannot start: {}", fault.message)],
    };
    let mut faults = Vec::new();
    while let Some(played) = replay.step() {
        match played {
            Ok(played) => {
                faults.extend(played.differs.iter().map(|differs| format!("event {}: {differs}", played.number)));
            }
            Err(fault) => faults.push(format!("event {} is refused: {}", replay.played(), fault.message)),
        }
    }
    match replay.outcome() {
        Some(ReplayOutcome::Confirmed { visible: Some(false), said }) => {
            faults.push(format!("no value shows it: {said}"));
        }
        Some(ReplayOutcome::Confirmed { .. }) => {}
        other => faults.push(format!("it ends in {other:?}")),
    }
    faults
}

/// What a plan is refuted with, and everything that is wrong with the replays.
fn replayed(plan: &Arc<Plan>, script: Option<&Memory>) -> (Vec<AnomalyKind>, Vec<String>) {
    replayed_proof(plan, script, &prove(plan))
}

fn replayed_proof(plan: &Arc<Plan>, script: Option<&Memory>, proof: &Proof) -> (Vec<AnomalyKind>, Vec<String>) {
    let (mut kinds, mut wrong) = (Vec::new(), Vec::new());
    let mut note = |what: String, faults: Vec<String>, schedule: &Schedule| {
        if !faults.is_empty() {
            wrong.push(format!("{what}: {}\n    {}", faults.join("; "), events(schedule).join("\n    ")));
        }
    };
    for refutation in &proof.refutations {
        kinds.push(refutation.anomaly.kind);
        let faults = faults(Replay::new(plan, refutation, script));
        note(format!("{:?}", refutation.anomaly), faults, &refutation.schedule);
    }
    // In a plan that goes wrong on the way, a group's rollback may begin where another group never comes.
    if let Some(no_return) = proof.no_return.as_ref().filter(|_| proof.refutations.is_empty())
        && let Some(((lost, schedule), replay)) = no_return.loss().zip(Replay::of_no_return(plan, no_return, script))
    {
        note(format!("rolling back from {} loses {lost}", no_return.step), faults(replay), schedule);
    }
    (kinds, wrong)
}

fn events(schedule: &Schedule) -> Vec<String> {
    let row = |row: &miglab::prove::RowView| {
        let cell = |cell: &miglab::prove::CellView| {
            let stale: Vec<String> = cell.stale.iter().map(|fact| format!("~{fact}")).collect();
            format!("{}={:?}{}", cell.column, cell.content, stale.join(""))
        };
        row.cells.iter().map(cell).collect::<Vec<_>>().join(" ")
    };
    let first = format!("start: {}", row(&schedule.start));
    let event =
        |event: &miglab::prove::ScheduleEvent| format!("{} {:?} | {}", event.position, event.kind, row(&event.row));
    std::iter::once(first).chain(schedule.events.iter().map(event)).collect()
}

fn scripts() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "mig") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(Path::new("tests"), &mut found);
    walk(Path::new("scripts"), &mut found);
    found.sort();
    found
}

/// Plans that are rightly refuted by a schedule that cannot be played: conditions that leave null out are followed as if they
/// could leave a value out.
const NOT_PLAYED: [&str; 1] = ["tests/cases/prove/backfills_in_turn_null.mig"];

#[test]
fn every_counterexample_of_the_scripts_of_this_package_is_true() {
    let (mut refuted, mut wrong) = (0, Vec::new());
    for path in scripts().into_iter().filter(|path| NOT_PLAYED.iter().all(|other| !path.ends_with(other))) {
        let text = fs::read_to_string(&path).unwrap();
        let Some(plan) = resolve(&path.display().to_string(), &text) else { continue };
        // Nobody asks for freshness where no application is; then the assumed ones are played. (The cases of tests/
        // without applications are about other mistakes: many of them cannot run at all.)
        if plan.apps.is_empty() && !path.starts_with("scripts") {
            continue;
        }
        // What stands there is to be read as SQL; its rows refer to a table that has none.
        if path.starts_with("tests/cases/plan") {
            continue;
        }
        let assumed = if plan.apps.is_empty() { assumed(&plan) } else { None };
        let is_assumed = assumed.is_some();
        let plan = assumed.map_or(plan.clone(), |assumed| Arc::new(plan_with(&plan, &assumed).plan));
        let mut proof = prove(&plan);
        if is_assumed {
            // As `check` does: what hangs on values is not told of versions that nobody has declared.
            proof.refutations.retain(|refutation| refutation.hangs_on.is_empty());
        }
        let lab = miglab::lab::open_to_play(Source::new(path.display().to_string(), text), &[]);
        proof.no_return = proof.no_return.filter(|_| lab.is_ok());
        let (kinds, faults) = replayed_proof(&plan, None, &proof);
        refuted += kinds.len();
        wrong.extend(faults.into_iter().map(|fault| format!("{}: {fault}", path.display())));
        if let Some(lab) = lab.ok().filter(|lab| !lab.plan.apps.is_empty()) {
            let (_, faults) = replayed(&lab.plan, Some(&lab.memory));
            wrong.extend(faults.into_iter().map(|fault| format!("{}, its rows: {fault}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "{} of {refuted}\n{}", wrong.len(), wrong.join("\n"));
    assert!(refuted >= 10, "{refuted}");
}

const USERS: &str = "
table users { id integer primary key, username text not null, email text }
rows users { (1, 'alice', 'alice@example.com') (2, 'bob', null) }
app v1 { uses username, email }
app v2 { uses display_name, email }
";

const OLD: &str = "
table users { id integer primary key, username text not null, email text }
app v1 { uses username, email }
";

const NAMES: &str = "
table people { id integer primary key, first text not null, last text }
rows people { (1, 'Jan', 'van Dyk') }
app v1 { uses first, last }
app v2 { uses full_name }
";

const CODE_ONLY: &str = "
table users { id integer primary key, username text not null }
app v1 { uses username }
app v2 { reads username  writes username, display_name }
app v3 { reads display_name  writes username, display_name }
app v4 { uses display_name }
";

const SPLIT: &str = "
table users { id integer primary key, name text not null, bio text }
rows users { (1, 'alice', 'likes tea') (2, 'bob', null) }
app v1 { uses users.name, users.bio }
app v2 { uses users.name, profiles.bio }
";

/// Plans with a mistake: what they start from, what they do, and the kinds of anomalies that may be found.
const REFUTED: &[(&str, &str, &str)] = &[
    (
        "a rename alone",
        USERS,
        "
        expand add column display_name text
        migrate backfill display_name from username
        deploy v2
        retire v1
        contract drop column username",
    ),
    (
        "a one-way sync",
        USERS,
        "
        expand add column display_name text
        expand sync display_name from username
        migrate backfill display_name from username
        deploy v2
        retire v1
        contract drop column username",
    ),
    (
        "deployed before the backfill",
        USERS,
        "
        expand add column display_name text
        expand sync username <-> display_name
        deploy v2
        migrate backfill display_name from username
        retire v1
        contract drop column username",
    ),
    (
        "a sync after the backfill",
        USERS,
        "
        expand add column display_name text
        migrate backfill display_name from username
        expand sync username <-> display_name
        deploy v2
        retire v1
        contract drop column username",
    ),
    (
        "dropped before it is retired",
        USERS,
        "
        expand add column display_name text
        expand sync username <-> display_name
        migrate backfill display_name from username
        deploy v2
        contract drop column username
        retire v1",
    ),
    (
        "the sync leaves one statement early",
        USERS,
        "
        expand add column display_name text
        expand sync username <-> display_name
        migrate backfill display_name from username
        deploy v2
        retire v1
        contract drop sync username <-> display_name
        contract drop column username",
    ),
    (
        "a backfill over newer values",
        USERS,
        "
        expand add column display_name text
        expand drop not null username
        deploy v2
        migrate backfill display_name from username
        retire v1
        contract drop column username",
    ),
    (
        "not null with an old version",
        USERS,
        "
        expand add column display_name text
        migrate backfill display_name from username
        contract set not null display_name
        deploy v2
        retire v1
        contract drop column username",
    ),
    (
        "a null that fails set not null",
        USERS,
        "
        expand add column display_name text
        contract set not null display_name
        deploy v2",
    ),
    (
        "a null that fails set not null of an old column",
        OLD,
        "
        contract set not null email",
    ),
    (
        "a null that fails validate not null",
        OLD,
        "
        expand add not null email
        migrate validate not null email",
    ),
    (
        "seed is no backfill",
        USERS,
        "
        expand add column display_name text
        migrate seed display_name from username
        deploy v2
        retire v1
        contract drop column username",
    ),
    (
        "a backfill only where it is null",
        USERS,
        "
        expand add column display_name text
        migrate backfill display_name from username where display_name is null
        deploy v2
        retire v1
        contract drop column username",
    ),
    (
        "a backfill of some values",
        USERS,
        "
        expand add column display_name text
        expand sync username <-> display_name
        migrate backfill display_name from username where email = 'x'
        deploy v2
        retire v1
        contract drop column username",
    ),
    (
        "by code alone, the backfill too early",
        CODE_ONLY,
        "
        expand add column display_name text
        migrate backfill display_name from username
        deploy v2
        retire v1
        deploy v3
        retire v2
        expand drop not null username
        deploy v4
        retire v3
        contract drop column username",
    ),
    (
        "by code alone, not null stays",
        CODE_ONLY,
        "
        expand add column display_name text
        deploy v2
        retire v1
        migrate backfill display_name from username
        deploy v3
        retire v2
        deploy v4
        retire v3
        contract drop column username",
    ),
    (
        "a merge without syncs",
        NAMES,
        "
        expand add column full_name text
        migrate backfill full_name from first || ' ' || last
        deploy v2
        retire v1
        contract drop column first
        contract drop column last",
    ),
    (
        "a merge, one way",
        NAMES,
        "
        expand add column full_name text
        expand sync full_name from first || ' ' || last
        migrate backfill full_name from first || ' ' || last
        deploy v2
        retire v1
        contract drop column first
        contract drop column last",
    ),
    (
        "a chain, one link missing",
        "
        table t { id integer primary key, a text }
        rows t { (1, 'x') }
        app v1 { uses a }
        app v2 { uses c }",
        "
        expand add column b text
        expand add column c text
        expand sync b from a
        migrate backfill b from a
        migrate backfill c from b
        deploy v2
        retire v1
        contract drop column a",
    ),
    (
        "a change of type",
        "
        table t { id integer primary key, a text not null }
        rows t { (1, '12') }
        app v1 { uses a }
        app v2 { uses n }",
        "
        expand add column n integer
        migrate backfill n from a::integer
        deploy v2
        retire v1
        contract drop column a",
    ),
    (
        "a split table without syncs",
        SPLIT,
        "
        expand add table profiles { user_id integer primary key references users (id), bio text }
        migrate copy users to profiles (user_id from id, bio from bio)
        deploy v2
        retire v1
        contract drop column users.bio",
    ),
    (
        "a split table, copied before the sync",
        SPLIT,
        "
        expand add table profiles { user_id integer primary key references users (id), bio text }
        migrate copy users to profiles (user_id from id, bio from bio)
        expand sync profiles.bio <-> users.bio
        deploy v2
        retire v1
        contract drop column users.bio",
    ),
    (
        "a table without a key",
        "
        table t { a text }
        app v1 { uses a }
        app v2 { uses b }",
        "
        expand add column b text
        migrate backfill b from a
        deploy v2
        retire v1
        contract drop column a",
    ),
    (
        "a check that an old version does not know",
        "
        table t { id integer primary key, a text }
        app v1 { uses a }",
        "
        expand add check a_there (a is not null) on t",
    ),
    (
        "a rename that nobody reads",
        "
        table t { id integer primary key, a text }
        app v1 { writes a }
        app v2 { writes b }",
        "
        expand add column b text
        migrate backfill b from a
        deploy v2
        retire v1
        contract drop column a",
    ),
    (
        "a unique constraint that an old version does not know",
        OLD,
        "
        expand add unique users_email_key (email)",
    ),
    (
        "two renames",
        "
        table t { id integer primary key, a text, b integer }
        app v1 { uses a, b }
        app v2 { uses c, d }",
        "
        expand add column c text
        expand add column d integer
        migrate backfill c from a
        migrate backfill d from b
        deploy v2
        retire v1
        contract drop column a
        contract drop column b",
    ),
];

#[test]
fn the_counterexamples_of_known_mistakes_are_true() {
    let (mut seen, mut wrong) = (Vec::new(), Vec::new());
    for (name, start, statements) in REFUTED {
        let text = format!("{start}\n{statements}\n");
        let plan = resolve(name, &text).unwrap_or_else(|| panic!("{name} cannot be resolved"));
        let (kinds, faults) = replayed(&plan, None);
        if kinds.is_empty() {
            wrong.push(format!("{name}: it is not refuted"));
        }
        seen.extend(kinds);
        wrong.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
    for kind in AnomalyKind::ALL {
        assert!(seen.contains(&kind), "no {} among them", kind.name());
    }
}

#[test]
fn a_column_with_a_dot_in_its_name_is_compared_too() {
    let script = r#"
        migration "Dots" on users
        table users { id integer primary key
            "user.name" text not null }
        app v1 { reads "user.name" writes "user.name" }
        app v2 { reads shown writes shown }
        expand add column shown text
        migrate backfill shown from "user.name"
        deploy v2
        retire v1
    "#;
    let plan = resolve("dots.mig", script).expect("a plan");
    let proof = prove(&plan);
    let stale = proof.refutations.iter().find(|refutation| refutation.anomaly.kind == AnomalyKind::StaleRead);
    let mut replay = Replay::new(&plan, stale.expect("a stale read"), None).unwrap();
    while let Some(played) = replay.step() {
        played.unwrap();
    }
    let outcome = replay.outcome();
    assert!(matches!(outcome, Some(ReplayOutcome::Confirmed { visible: Some(true), .. })), "{outcome:?}");
}
