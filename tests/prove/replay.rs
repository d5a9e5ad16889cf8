//! Counterexamples played on the in-memory table: schedules written by hand, and those that the prover finds.

use std::sync::Arc;

use miglab::ast::{Name, RowsFrom};
use miglab::engine::memory::{CellState, Memory};
use miglab::plan::{ColumnName, Plan};
use miglab::prove::{Anomaly, AnomalyKind, CellView, Content, EventKind, Refutation, RowView, Schedule, ScheduleEvent};
use miglab::replay::{Replay, ReplayOutcome};
use miglab::rows;
use miglab::source::Source;
use miglab::syntax;

/// A plan, and its tables with the script's rows.
fn open(script: &str) -> (Arc<Plan>, Memory) {
    let parsed = syntax::parse(Source::new("test.mig", script));
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let plan = Plan::resolve(&parsed.script, &[]).unwrap();
    let mut memory = Memory::new(plan.start.clone(), Arc::clone(&plan.facts), plan.apps.to_vec(), 0);
    for given in &parsed.script.rows {
        let RowsFrom::Listed(listed) = &given.from else { panic!("list the rows") };
        let schema = Arc::clone(memory.catalog().table(&given.table.name).unwrap());
        let listed = rows::listed(listed, &schema, 0).unwrap();
        rows::load_listed(&mut memory, &given.table.name, listed).unwrap();
    }
    (Arc::new(plan), memory)
}

/// `users.name`, or `name` of the default table.
fn column(plan: &Plan, name: &str) -> ColumnName {
    let (table, column) = match name.split_once('.') {
        Some((table, column)) => (Name::from(table), column),
        None => (plan.default_table.clone().expect("one table"), name),
    };
    ColumnName { table, column: column.into() }
}

/// `username display_name?~username`: `?` is unset, `!` is null, and behind `~` stand the facts it is stale for.
fn view(plan: &Plan, text: &str) -> RowView {
    let cell = |word: &str| {
        let mut parts = word.split('~');
        let name = parts.next().unwrap();
        let content = match name.chars().last() {
            Some('?') => Content::Unset,
            Some('!') => Content::Null,
            _ => Content::Value,
        };
        let stale = parts.map(|fact| column(plan, fact)).collect();
        CellView { column: column(plan, name.trim_end_matches(['?', '!'])), content, stale }
    };
    RowView { cells: text.split_whitespace().map(cell).collect() }
}

/// `step`, `visit`, `visit again`, `pass`, `undo 2`, `v1 reads a`, `v1 writes a b !b`, `v1 inserts users a`,
/// `v1 deletes users`, each of them behind `other:` for the second row.
fn event(plan: &Plan, position: &mut usize, text: &str, row: RowView) -> ScheduleEvent {
    let (text, other_row) = text.strip_prefix("other: ").map_or((text, false), |text| (text, true));
    let words: Vec<&str> = text.split_whitespace().collect();
    let columns = |words: &[&str]| -> (Vec<ColumnName>, Vec<ColumnName>) {
        let given = words.iter().filter(|word| !word.starts_with('!')).map(|word| column(plan, word)).collect();
        let null = words.iter().filter_map(|word| word.strip_prefix('!')).map(|word| column(plan, word)).collect();
        (given, null)
    };
    let at = *position;
    let app = Name::from(words[0]);
    let kind = match words.as_slice() {
        ["step"] => {
            *position += 1;
            EventKind::Step(at)
        }
        ["visit", rest @ ..] => EventKind::Visit { step: at, again: rest == ["again"], treats: true },
        ["pass"] => EventKind::Visit { step: at, again: false, treats: false },
        ["undo", step] => {
            *position = step.parse().unwrap();
            EventKind::Undo(*position)
        }
        [_, "reads", name] => EventKind::Read { app, column: column(plan, name) },
        [_, "keeps", rest @ ..] => {
            let (columns, null) = columns(rest);
            EventKind::Write { app, columns, null, as_is: true }
        }
        [_, "writes", rest @ ..] => {
            let (columns, null) = columns(rest);
            EventKind::Write { app, columns, null, as_is: false }
        }
        [_, "inserts", table, rest @ ..] => {
            let (columns, null) = columns(rest);
            EventKind::Insert { app, table: (*table).into(), columns, null }
        }
        [_, "deletes", table] => EventKind::Delete { app, table: (*table).into() },
        other => panic!("{other:?}"),
    };
    ScheduleEvent { position: at, kind, row, other_row }
}

/// A line for each event; behind `|` the row as it is then.
fn refutation(plan: &Plan, start: &str, lines: &str, anomaly: (AnomalyKind, Option<&str>, Option<&str>)) -> Refutation {
    let (kind, app, name) = anomaly;
    let mut position = 0;
    let mut row = view(plan, start);
    let mut events = Vec::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (text, after) = line.split_once('|').map_or((line, None), |(text, after)| (text.trim(), Some(after)));
        row = after.map_or(row, |after| view(plan, after));
        events.push(event(plan, &mut position, text, row.clone()));
    }
    let anomaly = Anomaly {
        kind,
        position,
        app: app.map(Name::from),
        column: name.map(|name| column(plan, name)),
        constraint: None,
        in_step: false,
        beside: None,
    };
    let schedule = Schedule { start: view(plan, start), events };
    Refutation { anomaly, group: 0, schedule, hangs_on: Vec::new(), witness: None, remedy: None, help: String::new() }
}

/// What is said of each event: the values written or read, and the row after it.
struct Told {
    lines: Vec<String>,
    outcome: ReplayOutcome,
    replay: Replay,
}

fn told(mut replay: Replay) -> Told {
    let mut lines = Vec::new();
    while let Some(played) = replay.step() {
        let played = played.unwrap_or_else(|fault| panic!("{fault:?} after {lines:#?}"));
        assert_eq!(played.differs, Vec::<String>::new(), "event {} after {lines:#?}", played.number);
        let values: Vec<String> =
            played.values.iter().map(|(name, value)| format!("{}={}", name.column, value.literal())).collect();
        let refused = played.refused.map_or(String::new(), |fault| format!(" refused: {}", fault.message));
        lines.push(format!("{}: {}{refused}", values.join(" "), shown(&replay)).trim_start_matches(": ").to_owned());
    }
    let outcome = replay.outcome().expect("it has ended").clone();
    Told { lines, outcome, replay }
}

/// The rows: values by `|`, `~` marks a stale cell, `?` one that is unset.
fn shown(replay: &Replay) -> String {
    let cell = |cell: &miglab::engine::memory::Cell| match cell.state {
        CellState::Fresh => cell.value.to_string(),
        CellState::Stale(_) => format!("{}~", cell.value),
        CellState::Unset(_) => "?".to_owned(),
    };
    let row = |row: &miglab::engine::memory::Row| row.cells.iter().map(cell).collect::<Vec<_>>().join("|");
    let tables = replay.rows();
    let rows = tables.iter().flat_map(|(_, selected)| selected.rows.iter().map(row));
    rows.collect::<Vec<_>>().join(" / ")
}

fn play(script: &str, start: &str, lines: &str, anomaly: (AnomalyKind, Option<&str>, Option<&str>)) -> Told {
    let (plan, memory) = open(script);
    let refutation = refutation(&plan, start, lines, anomaly);
    told(Replay::new(&plan, &refutation, Some(&memory)).unwrap())
}

fn visible(told: &Told) -> Option<bool> {
    match &told.outcome {
        ReplayOutcome::Confirmed { visible, .. } => *visible,
        ReplayOutcome::Differs { said } => panic!("{said}: {:#?}", told.lines),
    }
}

const UNSYNCED: &str = "
table users { id integer primary key, username text not null }
rows users { (1, 'alice') (2, 'bob') }
app v1 { uses username }
app v2 { uses display_name }
expand add column display_name text
migrate backfill display_name from username
deploy v2
retire v1
contract drop column username
";

#[test]
fn a_stale_read_after_a_write_behind_the_backfill() {
    let told = play(
        UNSYNCED,
        "username",
        "step | username display_name?~username
         visit | username display_name
         v1 writes username | username display_name~username
         step
         step
         v2 reads display_name",
        (AnomalyKind::StaleRead, Some("v2"), Some("display_name")),
    );
    assert_eq!(
        told.lines,
        [
            "1|alice|?",
            "1|alice|alice",
            "username='v1 #1': 1|v1 #1|alice~",
            "1|v1 #1|alice~",
            "1|v1 #1|alice~",
            "display_name='alice': 1|v1 #1|alice~"
        ]
    );
    assert_eq!(visible(&told), Some(true));
}

#[test]
fn an_unset_read_of_a_version_deployed_before_the_backfill() {
    let told = play(
        &UNSYNCED.replace("migrate backfill", "deploy v2\nmigrate backfill").replacen(
            "username\ndeploy v2",
            "username",
            1,
        ),
        "username",
        "step | username display_name?~username
         step
         v2 reads display_name",
        (AnomalyKind::UnsetRead, Some("v2"), Some("display_name")),
    );
    let ReplayOutcome::Confirmed { said, .. } = &told.outcome else { panic!("{:?}", told.outcome) };
    assert_eq!(said, "`v2` reads null in `display_name`, while 'alice' is in `username`");
}

#[test]
fn a_read_that_is_right_is_no_anomaly() {
    let told = play(
        UNSYNCED,
        "username",
        "step\nvisit\nstep\nstep\nv2 reads display_name"
            .replace("step\nvisit", "step | username display_name?~username\nvisit | username display_name")
            .as_str(),
        (AnomalyKind::StaleRead, Some("v2"), Some("display_name")),
    );
    assert!(!told.outcome.is_confirmed(), "{:?}", told.outcome);
}

#[test]
fn a_write_is_lost_where_the_column_that_has_it_is_dropped() {
    let told = play(
        UNSYNCED,
        "username",
        "step | username display_name?~username
         visit | username display_name
         v1 writes username | username display_name~username
         step
         step
         step
         step | display_name~username",
        (AnomalyKind::LostWrite, None, Some("username")),
    );
    assert_eq!(visible(&told), Some(true));
    assert_eq!(shown(&told.replay), "1|alice~");
}

#[test]
fn a_backfill_over_a_newer_value_loses_it() {
    let told = play(
        &UNSYNCED.replace("migrate backfill", "deploy v2\nmigrate backfill").replacen(
            "username\ndeploy v2",
            "username",
            1,
        ),
        "username",
        "step | username display_name?~username
         step
         v2 writes display_name | username~username display_name
         visit | username~username display_name~username",
        (AnomalyKind::LostWrite, None, Some("username")),
    );
    assert_eq!(visible(&told), Some(true));
    assert_eq!(told.lines.last().unwrap(), "1|alice~|alice~");
}

#[test]
fn a_version_that_uses_what_is_dropped_breaks() {
    let told = play(
        &UNSYNCED.replace("retire v1\n", ""),
        "username",
        "step | username display_name?~username
         visit | username display_name
         step
         step
         step | display_name
         v1 reads username",
        (AnomalyKind::BrokenUse, Some("v1"), Some("username")),
    );
    assert!(told.outcome.is_confirmed(), "{:?}", told.outcome);
    let told = play(
        &UNSYNCED.replace("retire v1\n", ""),
        "",
        "step\nstep\nstep\nstep\nv1 inserts users username",
        (AnomalyKind::BrokenUse, Some("v1"), Some("username")),
    );
    assert!(told.outcome.is_confirmed(), "{:?}", told.outcome);
}

const LATE_NOT_NULL: &str = "
table users { id integer primary key, username text not null }
app v1 { uses username }
app v2 { uses username, email }
expand add column email text
migrate backfill email from username || '@example.com'
contract set not null email
deploy v2
";

#[test]
fn a_not_null_that_a_version_does_not_know_refuses_its_insert() {
    let told = play(
        LATE_NOT_NULL,
        "",
        "step\nstep\nstep\nv1 inserts users username",
        (AnomalyKind::RejectedWrite, Some("v1"), Some("email")),
    );
    let ReplayOutcome::Confirmed { said, .. } = &told.outcome else { panic!("{:?}", told.outcome) };
    assert!(said.starts_with("null in column `email` of table `users`"), "{said}");
}

#[test]
fn a_null_that_was_inserted_fails_set_not_null() {
    let told = play(
        LATE_NOT_NULL,
        "",
        "step
         v1 inserts users username | id username email?~username
         step
         step",
        (AnomalyKind::FailingStep, None, Some("email")),
    );
    assert!(told.outcome.is_confirmed(), "{:?}", told.outcome);
    assert_eq!(told.lines[1], "username='v1 #1' id=101: 101|v1 #1|?");
}

#[test]
fn an_inserted_row_is_unset_where_no_sync_follows() {
    let told = play(
        UNSYNCED,
        "",
        "step
         step
         v1 inserts users username | username display_name?~username
         step
         v2 reads display_name",
        (AnomalyKind::UnsetRead, Some("v2"), Some("display_name")),
    );
    assert_eq!(visible(&told), Some(true));
}

const SPLIT_TABLE: &str = "
table users { id integer primary key, name text, bio text }
rows users { (1, 'alice', 'likes tea') (2, 'bob', null) }
app v1 { uses users.name, users.bio }
app v2 { uses users.name, profiles.bio }
expand add table profiles { user_id integer primary key references users (id), bio text }
migrate copy users to profiles (user_id from id, bio from bio)
deploy v2
retire v1
contract drop column users.bio
";

#[test]
fn a_split_table_without_a_sync() {
    let told = play(
        SPLIT_TABLE,
        "users.bio",
        "step
         visit | users.bio profiles.bio
         pass
         v1 writes users.bio | users.bio profiles.bio~users.bio
         step
         step
         v2 reads profiles.bio",
        (AnomalyKind::StaleRead, Some("v2"), Some("profiles.bio")),
    );
    assert_eq!(told.lines[3], "bio='v1 #1': 1|likes tea~ / 1|v1 #1");
    assert_eq!(visible(&told), Some(true));
}

#[test]
fn the_second_version_inserts_both_rows_of_a_split() {
    let told = play(
        SPLIT_TABLE,
        "",
        "step
         step
         step
         v2 inserts users users.name
         v2 inserts profiles profiles.bio | profiles.bio users.bio?~users.bio
         v1 reads users.bio",
        (AnomalyKind::UnsetRead, Some("v1"), Some("users.bio")),
    );
    assert_eq!(visible(&told), Some(true));
}

#[test]
fn an_insert_of_what_refers_to_nothing_is_refused() {
    let told = play(
        SPLIT_TABLE,
        "",
        "step\nstep\nstep\nv2 inserts profiles profiles.bio",
        (AnomalyKind::RejectedWrite, Some("v2"), Some("profiles.user_id")),
    );
    assert!(told.outcome.is_confirmed(), "{:?}", told.outcome);
}

#[test]
fn rows_without_a_key_are_known_by_their_number() {
    let script = UNSYNCED.replace("id integer primary key, ", "").replace("(1, 'alice') (2, 'bob')", "('x') ('x')");
    let told = play(
        &script,
        "username",
        "step | username display_name?~username
         visit | username display_name
         v1 writes username | username display_name~username
         step
         step
         v2 reads display_name",
        (AnomalyKind::StaleRead, Some("v2"), Some("display_name")),
    );
    assert_eq!(visible(&told), Some(true));
}

#[test]
fn a_second_row_takes_the_value_that_collides() {
    let script = "
        table users { id integer primary key, email text }
        app v1 { uses email }
        expand add unique users_email_key (email)
        expand add column c text";
    let told = play(
        script,
        "email",
        "step\nother: v1 writes email\nv1 writes email",
        (AnomalyKind::RejectedWrite, Some("v1"), Some("email")),
    );
    assert!(told.outcome.is_confirmed(), "{:?}", told.outcome);
    let told =
        play(script, "email", "other: v1 writes email\nv1 writes email\nstep", (AnomalyKind::FailingStep, None, None));
    assert!(told.outcome.is_confirmed(), "{:?}", told.outcome);
}

#[test]
fn values_are_found_that_fail_a_check_or_pass_a_cast() {
    let told = play(
        "table users { id integer primary key, age integer }
        app v1 { uses age }
        expand add check adult (age >= 18)
        expand add column c text",
        "age",
        "step\nv1 writes age",
        (AnomalyKind::RejectedWrite, Some("v1"), Some("age")),
    );
    assert!(told.outcome.is_confirmed(), "{:?}", told.outcome);
    let told = play(
        "table users { id integer primary key, age text }
        app v1 { uses age }
        app v2 { uses years }
        expand add column years integer
        migrate backfill years from age::integer
        deploy v2",
        "age",
        "step | age years?~age
         visit | age years
         v1 writes age | age years~age
         visit again | age years
         v1 writes age | age years~age
         step
         step
         v2 reads years",
        (AnomalyKind::StaleRead, Some("v2"), Some("years")),
    );
    assert_eq!(visible(&told), Some(true));
}

#[test]
fn a_condition_that_hangs_on_values_goes_both_ways() {
    let script = "
        table users { id integer primary key, region text, name text }
        app v1 { uses region, name }
        app v2 { reads label }
        expand add column label text
        migrate backfill label from name where region = 'north'
        deploy v2";
    for (visit, after, kind) in
        [("visit", "name label", AnomalyKind::StaleRead), ("pass", "name label?~name", AnomalyKind::UnsetRead)]
    {
        let write = if visit == "visit" { "v1 writes name | name label~name" } else { "" };
        let lines = format!("step | name label?~name\n{visit} | {after}\n{write}\nstep\nstep\nv2 reads label");
        let told = play(script, "name", &lines, (kind, Some("v2"), Some("label")));
        assert_eq!(visible(&told), Some(true), "{visit}");
    }
}

#[test]
fn a_dual_write_gives_both_forms_the_same() {
    let told = play(
        "table users { id integer primary key, username text not null }
        app v1 { uses username }
        app v2 { reads username writes username, display_name }
        app v3 { uses display_name }
        expand add column display_name text
        migrate backfill display_name from username
        deploy v2
        deploy v3",
        "username",
        "step | username display_name?~username
         visit | username display_name
         step
         step
         v2 writes username display_name
         step
         v3 writes display_name | username~username display_name
         v1 reads username",
        (AnomalyKind::StaleRead, Some("v1"), Some("username")),
    );
    assert!(told.lines[4].starts_with("username='v2 #1' display_name='v2 #1': "), "{:?}", told.lines);
    assert_eq!(visible(&told), Some(true));
}

#[test]
fn rolling_back_loses_what_only_the_new_column_has() {
    let told = play(
        UNSYNCED,
        "username",
        "step | username display_name?~username
         visit | username display_name
         step
         step
         v2 writes display_name | username~username display_name
         undo 2
         undo 1 | username~username display_name
         undo 0 | username~username",
        (AnomalyKind::LostWrite, None, Some("username")),
    );
    assert_eq!(visible(&told), Some(true));
}

#[test]
fn references_outside_the_schedule_find_their_row() {
    let script = "
        table teams { id integer primary key, name text not null }
        table users { id integer primary key, team_id integer not null references teams (id), username text not null }
        rows teams { (7, 'red') (8, 'blue') }
        rows users { (1, 8, 'alice') }
        app v1 { uses users.username, users.team_id }
        app v2 { uses users.display_name }
        expand add column users.display_name text
        migrate backfill users.display_name from username
        deploy v2";
    for start in ["users.username", ""] {
        let first =
            if start.is_empty() { "v1 inserts users users.username users.team_id" } else { "v1 writes users.username" };
        let after = if start.is_empty() {
            "users.username users.display_name?~users.username"
        } else {
            "users.username users.display_name~users.username"
        };
        let visit = if start.is_empty() { "" } else { "visit | users.username users.display_name" };
        let kind = if start.is_empty() { AnomalyKind::UnsetRead } else { AnomalyKind::StaleRead };
        let lines = format!("step\n{visit}\nstep\n{first} | {after}\nstep\nv2 reads users.display_name").replacen(
            "step\nvisit",
            "step | users.username users.display_name?~users.username\nvisit",
            1,
        );
        let told = play(script, start, &lines, (kind, Some("v2"), Some("users.display_name")));
        assert_eq!(visible(&told), Some(true), "{start}");
    }
}

#[test]
fn the_script_is_not_needed() {
    let (plan, _) = open(UNSYNCED);
    let refutation = refutation(
        &plan,
        "username",
        "step | username display_name?~username
         visit | username display_name
         v1 writes username | username display_name~username
         step
         step
         v2 reads display_name",
        (AnomalyKind::StaleRead, Some("v2"), Some("display_name")),
    );
    let told = told(Replay::new(&plan, &refutation, None).unwrap());
    assert_eq!(visible(&told), Some(true));
}

#[test]
fn a_schedule_that_the_table_refuses_ends_there() {
    let (plan, memory) = open(UNSYNCED);
    let refutation = refutation(
        &plan,
        "username",
        "step\nstep\nv2 writes display_name\nv2 reads display_name",
        (AnomalyKind::StaleRead, Some("v2"), Some("display_name")),
    );
    let mut replay = Replay::new(&plan, &refutation, Some(&memory)).unwrap();
    let outcomes: Vec<_> = std::iter::from_fn(|| replay.step()).collect();
    assert_eq!(outcomes.len(), 3);
    assert!(outcomes[2].as_ref().is_err_and(|fault| fault.message == "application `v2` is not live"));
    assert!(!replay.outcome().unwrap().is_confirmed());
}
