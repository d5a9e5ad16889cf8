//! The explorer itself, held against verdicts known by thought.

use miglab::prove::AnomalyKind;

use super::explorer::{Verdict, explore};
use super::subject::Subject;

const BUDGET: usize = 20_000;

const USERS: &str = "
table users { id integer primary key, username text not null, email text }
app v1 { reads username, email  writes username, email }
app v2 { reads display_name, email  writes display_name, email }
";

fn verdict(script: &str) -> Verdict {
    let subject = Subject::read(script).unwrap_or_else(|| panic!("no plan: {script}"));
    explore(&subject, 0, BUDGET).expect("small enough")
}

#[track_caller]
fn proved(script: &str) {
    let verdict = verdict(script);
    assert_eq!(verdict.anomaly, None, "{script}");
}

#[track_caller]
fn refuted(kind: AnomalyKind, length: usize, script: &str) {
    let found = verdict(script).anomaly;
    let essence = found.as_ref().map(|found| (found.length, found.kind));
    assert_eq!(essence, Some((length, kind)), "{script}\n{found:#?}");
}

#[test]
fn a_rename_without_a_sync_is_read_stale() {
    refuted(
        AnomalyKind::StaleRead,
        5,
        &format!(
            "{USERS}
            expand add column display_name text
            migrate backfill display_name from username
            deploy v2
            retire v1
            contract drop column username"
        ),
    );
}

#[test]
fn a_rename_with_a_two_way_sync_is_proved() {
    proved(&format!(
        "{USERS}
        expand add column display_name text
        expand sync username <-> display_name
        migrate backfill display_name from username
        deploy v2
        retire v1
        contract drop column username"
    ));
}

#[test]
fn a_rename_with_a_one_way_sync_is_read_stale_by_the_old_version() {
    refuted(
        AnomalyKind::StaleRead,
        6,
        &format!(
            "{USERS}
            expand add column display_name text
            expand sync display_name from username
            migrate backfill display_name from username
            deploy v2
            retire v1
            contract drop column username"
        ),
    );
}

#[test]
fn a_version_deployed_before_the_backfill_reads_nothing() {
    refuted(
        AnomalyKind::UnsetRead,
        4,
        &format!(
            "{USERS}
            expand add column display_name text
            expand sync username <-> display_name
            deploy v2
            migrate backfill display_name from username
            retire v1
            contract drop column username"
        ),
    );
}

#[test]
fn a_sync_after_the_backfill_comes_too_late() {
    refuted(
        AnomalyKind::StaleRead,
        6,
        &format!(
            "{USERS}
            expand add column display_name text
            migrate backfill display_name from username
            expand sync username <-> display_name
            deploy v2
            retire v1
            contract drop column username"
        ),
    );
}

#[test]
fn a_column_dropped_before_its_application_is_retired_breaks_it() {
    refuted(
        AnomalyKind::BrokenUse,
        6,
        &format!(
            "{USERS}
            expand add column display_name text
            expand sync username <-> display_name
            migrate backfill display_name from username
            deploy v2
            contract drop column username
            retire v1"
        ),
    );
}

#[test]
fn a_sync_dropped_one_statement_early_rejects_the_new_version() {
    refuted(
        AnomalyKind::RejectedWrite,
        7,
        &format!(
            "{USERS}
            expand add column display_name text
            expand sync username <-> display_name
            migrate backfill display_name from username
            deploy v2
            retire v1
            contract drop sync username <-> display_name
            contract drop column username"
        ),
    );
}

#[test]
fn not_null_rejects_an_old_version_that_does_not_write_the_column() {
    refuted(
        AnomalyKind::RejectedWrite,
        4,
        "table t { id integer primary key, a text not null }
        app v1 { uses a }
        app v2 { uses a, b }
        expand add column b text
        migrate backfill b from 'x' where b is null
        contract set not null b
        deploy v2",
    );
}

#[test]
fn not_null_fails_where_a_null_is_left() {
    refuted(
        AnomalyKind::FailingStep,
        2,
        "table t { id integer primary key, a text not null }
        app v1 { uses a }
        expand add column b text
        contract set not null b",
    );
}

#[test]
fn dropping_the_last_column_of_a_fact_is_no_loss() {
    proved(
        "table t { id integer primary key, a text not null, b text }
        app v1 { uses a }
        contract drop column b",
    );
}

#[test]
fn a_form_never_filled_is_lost_with_the_original() {
    refuted(
        AnomalyKind::LostWrite,
        4,
        "table t { id integer primary key, a text not null }
        app v1 { uses a }
        expand add column b text
        expand sync b from a
        retire v1
        contract drop column a",
    );
}

#[test]
fn a_merge_with_syncs_both_ways_is_proved() {
    proved(
        "table t { id integer primary key, first text not null, last text not null }
        app v1 { uses first, last }
        app v2 { uses full_name }
        expand add column full_name text
        expand sync full_name from first || ' ' || last
        expand sync first from split_part(full_name, ' ', 1)
        expand sync last from split_part(full_name, ' ', 2)
        migrate backfill full_name from first || ' ' || last
        deploy v2
        retire v1
        contract drop column first
        contract drop column last",
    );
}

#[test]
fn not_null_before_the_backfill_rejects_a_write_that_changes_nothing() {
    refuted(
        AnomalyKind::RejectedWrite,
        4,
        "table t { id integer primary key, a text not null }
        app v1 { uses a }
        expand add column d text
        expand sync a <-> d
        expand add not null d
        migrate backfill d from a",
    );
}

#[test]
fn who_does_not_read_a_null_does_not_write_it_back() {
    proved(
        "table t { id integer primary key, a text not null }
        app v1 { reads a }
        app v2 { reads a  writes a, d }
        expand add column d text
        deploy v2
        expand add not null d
        migrate backfill d from a where d is null",
    );
}

#[test]
fn a_check_rejects_a_write_that_changes_nothing() {
    refuted(
        AnomalyKind::RejectedWrite,
        4,
        "table t { id integer primary key, a text not null }
        app v1 { uses a }
        expand add column d text
        expand sync a <-> d
        expand add check given (d is not null)
        migrate backfill d from a",
    );
}
