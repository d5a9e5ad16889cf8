//! Undoing actions after applications have written.

use super::table::{Table, message};

#[test]
fn a_backfill_undone_keeps_what_was_written_since() {
    let mut table = Table::open(
        "table t { id integer primary key, a text, b text }
        rows t { (1, 'x', null) (2, 'y', null) (3, 'z', 'old') }
        migrate backfill b from upper(a)",
    );
    let before = table.everything();
    table.step().unwrap();
    let mut untouched = table.clone();
    untouched.undo().unwrap();
    assert_eq!(untouched.everything(), before);
    table.update("", "t", &[("b", "'mine'")], "id = 2").unwrap();
    table.insert("", "t(id, a, b)", &["4, 'w', 'new'"]).unwrap();
    table.undo().unwrap();
    assert_eq!(table.show("t"), "1|x|null\n2|y|mine\n3|z|old\n4|w|new");
}

#[test]
fn a_backfill_undone_keeps_what_was_written_since_whatever_the_value() {
    let mut table = Table::open(
        "table doors { id integer primary key, status text, name text }
        rows doors { (1, null, 'a') (2, null, 'b') (3, null, 'c') (4, null, 'd') (5, null, 'e') }
        migrate backfill status from 'open' where status is null",
    );
    table.step().unwrap();
    // Away and back; the value that is there; another column; a key that is used again.
    table.update("", "doors", &[("status", "'shut'")], "id = 1").unwrap();
    table.update("", "doors", &[("status", "'open'")], "id = 1").unwrap();
    table.update("", "doors", &[("status", "'open'")], "id = 2").unwrap();
    table.update("", "doors", &[("name", "'C'")], "id = 3").unwrap();
    table.delete("", "doors", "id = 4").unwrap();
    table.insert("", "doors(id, status, name)", &["4, 'open', 'new'"]).unwrap();
    table.undo().unwrap();
    assert_eq!(table.show("doors"), "1|open|a\n2|open|b\n3|null|C\n5|null|e\n4|open|new");
}

#[test]
fn what_was_written_before_a_backfill_is_restored_by_its_undoing_and_kept_by_that_of_an_earlier_one() {
    let mut table = Table::open(
        "table t { id integer primary key, a text }
        rows t { (1, 'x') (2, 'y') }
        migrate backfill a from upper(a)
        migrate backfill a from a || '!'",
    );
    table.step().unwrap();
    table.update("", "t", &[("a", "'mine'")], "id = 1").unwrap();
    table.step().unwrap();
    table.insert("", "t(id, a)", &["3, 'z'"]).unwrap();
    table.undo().unwrap();
    assert_eq!(table.show("t"), "1|mine\n2|Y\n3|z");
    table.undo().unwrap();
    assert_eq!(table.show("t"), "1|mine\n2|y\n3|z");
}

#[test]
fn old_values_that_another_row_has_taken_cannot_come_back() {
    let mut table = Table::open(
        "table t { id integer primary key, a text unique }
        rows t { (1, 'Bob') (2, 'eve') }
        migrate backfill a from lower(a)",
    );
    table.step().unwrap();
    table.insert("", "t(id, a)", &["3, 'Bob'"]).unwrap();
    let refused = message(table.undo());
    assert!(refused.starts_with("the old values of `a` cannot be restored: "), "{refused}");
    assert_eq!(table.show("t"), "1|bob\n2|eve\n3|Bob");
}

#[test]
fn a_dropped_column_comes_back_with_its_values() {
    let mut table = Table::open(
        "table t { id integer primary key, a text not null, b text }
        rows t { (1, 'x', 'p') (2, 'y', 'q') }
        contract drop column a",
    );
    let before = table.everything();
    table.step().unwrap();
    assert_eq!(table.show("t"), "1|p\n2|q");
    let mut untouched = table.clone();
    untouched.undo().unwrap();
    assert_eq!(untouched.everything(), before);
    table.insert("", "t(id, b)", &["3, 'r'"]).unwrap();
    table.delete("", "t", "id = 1").unwrap();
    table.undo().unwrap();
    assert_eq!(table.show("t"), "2|y|q\n3|null|r");
    assert_eq!(message(table.insert("", "t(id)", &["4"])), "null in column `a` of table `t` (row id = 4)");
}

#[test]
fn what_a_dropped_column_missed_is_stale() {
    let mut table = Table::open(
        "table t { id integer primary key, a text }
        rows t { (1, 'x') (2, 'y') }
        app v2 { uses id, b }
        expand add column b text
        migrate backfill b from a
        contract drop column a",
    );
    table.steps(3);
    table.update("v2", "t", &[("b", "'new'")], "id = 1").unwrap();
    table.insert("v2", "t(id, b)", &["3, 'z'"]).unwrap();
    table.undo().unwrap();
    assert_eq!(table.show("t"), "1|x~|new\n2|y|y\n3|null?|z");
}

#[test]
fn a_copy_undone_keeps_rows_that_were_changed() {
    let mut table = Table::open(
        "table users { id integer primary key, bio text }
        rows users { (1, 'a') (2, 'b') (3, 'c') }
        expand add table profiles { user_id integer primary key, bio text }
        migrate copy users to profiles (user_id from id, bio from bio)",
    );
    table.steps(2);
    table.update("", "profiles", &[("bio", "'mine'")], "user_id = 2").unwrap();
    table.insert("", "profiles(user_id, bio)", &["9, 'new'"]).unwrap();
    table.undo().unwrap();
    assert_eq!(table.show("profiles"), "2|mine\n9|new");
}

#[test]
fn a_copy_undone_keeps_rows_that_were_changed_away_and_back() {
    let mut table = Table::open(
        "table users { id integer primary key, bio text }
        rows users { (1, 'a') (2, 'b') }
        table profiles { user_id integer primary key, bio text }
        migrate copy users to profiles (user_id from id, bio from bio)",
    );
    table.step().unwrap();
    table.update("", "profiles", &[("bio", "'mine'")], "user_id = 2").unwrap();
    table.update("", "profiles", &[("bio", "'b'")], "user_id = 2").unwrap();
    table.undo().unwrap();
    assert_eq!(table.show("profiles"), "2|b");
}

#[test]
fn a_unique_constraint_cannot_come_back_over_duplicates() {
    let mut table = Table::open(
        "table t { id integer primary key, a text unique }
        rows t { (1, 'x') }
        contract drop unique t_a_key",
    );
    table.step().unwrap();
    table.insert("", "t(id, a)", &["2, 'x'"]).unwrap();
    let before = table.everything();
    assert_eq!(
        message(table.undo()),
        "unique constraint `t_a_key` cannot be restored: duplicate key in `t`: (a) = ('x') already exists, constraint \
         `t_a_key` (row id = 2)"
    );
    assert_eq!(table.everything(), before);
}

#[test]
fn a_check_comes_back_unvalidated_where_rows_fail_it() {
    let mut table = Table::open(
        "table t { id integer primary key, a integer, check positive (a > 0) }
        rows t { (1, 1) }
        contract drop check positive",
    );
    let before = table.everything();
    table.step().unwrap();
    let mut held = table.clone();
    held.insert("", "t(id, a)", &["2, 2"]).unwrap();
    held.delete("", "t", "id = 2").unwrap();
    held.undo().unwrap();
    assert_eq!(held.everything(), before);
    table.insert("", "t(id, a)", &["2, -2"]).unwrap();
    table.undo().unwrap();
    assert_eq!(table.show("t"), "1|1\n2|-2");
    assert!(table.insert("", "t(id, a)", &["3, -3"]).is_err());
    assert!(
        table
            .memory
            .catalog()
            .table("t")
            .unwrap()
            .constraint("positive")
            .is_some_and(|check| matches!(check.kind, miglab::catalog::ConstraintKind::Check { validated: false, .. }))
    );
}

#[test]
fn a_dropped_table_comes_back() {
    let mut table = Table::open(
        "table t { id integer primary key, a text }
        table u { id integer primary key }
        rows t { (1, 'x') }
        contract drop table t",
    );
    let before = table.everything();
    table.step().unwrap();
    table.insert("", "u(id)", &["1"]).unwrap();
    table.undo().unwrap();
    assert_eq!(table.show("t"), "1|x");
    table.delete("", "u", "true").unwrap();
    assert_eq!(table.everything(), before);
}
