//! Writes and constraints.

use super::table::{Table, message};

const SHOP: &str = "
table users {
    id    integer primary key
    email varchar(12) unique
    age   integer default 18 check (age >= 0)
    name  text not null
}
table orders {
    id      integer primary key
    user_id integer references users (id)
}
rows users { (1, 'a@b', 30, 'alice') (2, null, null, 'bob') }
rows orders { (10, 1) }
";

fn shop() -> Table {
    Table::open(SHOP)
}

#[test]
fn inserts_take_defaults() {
    let mut shop = shop();
    assert_eq!(shop.insert("", "users(id, name)", &["3, 'carol'", "4, 'dan'"]), Ok(2));
    assert_eq!(shop.show("users"), "1|a@b|30|alice\n2|null|null|bob\n3|null|18|carol\n4|null|18|dan");
}

#[test]
fn constraints_refuse_and_say_why() {
    let mut shop = shop();
    let mut insert = |into, row| message(shop.insert("", into, &[row]));
    assert_eq!(
        insert("users(id, name, email)", "3, 'x', 'a@b'"),
        "duplicate key in `users`: (email) = ('a@b') already exists, constraint `users_email_key` (row id = 3)"
    );
    assert_eq!(insert("users(id)", "3"), "null in column `name` of table `users` (row id = 3)");
    assert_eq!(insert("users(id, name)", "null, 'x'"), "null in column `id` of table `users` (row id = null)");
    assert_eq!(insert("users(id, name, age)", "3, 'x', -1"), "row id = 3 of `users` fails check `users_age_check`");
    assert_eq!(
        insert("orders(id, user_id)", "11, 7"),
        "`orders`: (user_id) = (7) is in no row of `users`, constraint `orders_user_id_fkey` (row id = 11)"
    );
    assert_eq!(
        message(shop.delete("", "users", "id = 1")),
        "`users`: (id) = (1) is still referenced by `orders`, constraint `orders_user_id_fkey`"
    );
    assert_eq!(
        message(shop.update("", "users", &[("id", "id + 10")], "id = 1")),
        "`users`: (id) = (1) is still referenced by `orders`, constraint `orders_user_id_fkey`"
    );
    assert_eq!(shop.show("users"), "1|a@b|30|alice\n2|null|null|bob");
}

#[test]
fn a_statement_is_done_whole_or_not_at_all() {
    let mut shop = shop();
    let before = shop.everything();
    assert!(shop.insert("", "users(id, name, email)", &["3, 'x', 'c@d'", "4, 'y', 'e@f'", "1, 'z', 'g@h'"]).is_err());
    assert!(shop.update("", "users", &[("email", "'same'")], "true").is_err());
    assert!(message(shop.update("", "users", &[("age", "10 / (id - 2)")], "true")).contains("division by zero"));
    assert_eq!(shop.everything(), before);
    assert_eq!(shop.insert("", "users(id, name, email)", &["3, 'x', 'c@d'", "4, 'y', 'e@f'"]), Ok(2));
}

#[test]
fn unique_is_checked_row_by_row() {
    let mut shop = shop();
    shop.delete("", "orders", "true").unwrap();
    assert!(message(shop.update("", "users", &[("id", "id + 1")], "true")).contains("(id) = (2) already exists"));
    assert_eq!(shop.update("", "users", &[("id", "id - 1")], "true"), Ok(2));
    assert_eq!(shop.insert("", "users(id, name)", &["2, 'again'"]), Ok(1));
}

#[test]
fn an_unvalidated_constraint_binds_every_write_of_a_row() {
    let mut table = Table::open(
        "table t { id integer primary key, a integer, b integer }
        rows t { (1, -5, null) (2, 5, 5) }
        expand add check positive (a > 0)
        expand add not null b
        migrate backfill a from a + 1 where id = 2
        migrate backfill a from a + 1
        migrate validate check positive
        migrate validate not null b",
    );
    table.steps(2);
    assert_eq!(message(table.update("", "t", &[("b", "1")], "id = 1")), "row id = 1 of `t` fails check `positive`");
    assert_eq!(message(table.update("", "t", &[("a", "1")], "id = 1")), "null in column `b` of table `t` (row id = 1)");
    assert_eq!(table.step(), Ok(Some(1)));
    assert!(table.step().is_err());
    assert_eq!(table.update("", "t", &[("a", "1"), ("b", "1")], "id = 1"), Ok(1));
    table.steps(3);
}

#[test]
fn a_partial_unique_index_holds_for_its_rows() {
    let mut table = Table::open(
        "table t { id integer primary key, email text, gone boolean }
        rows t { (1, 'a', false) (2, 'a', true) }
        expand add index t_live on t (email) unique where not gone",
    );
    table.steps(1);
    assert_eq!(
        message(table.insert("", "t(id, email, gone)", &["3, 'a', false"])),
        "duplicate key in `t`: (email) = ('a') already exists, constraint `t_live` (row id = 3)"
    );
    assert!(table.update("", "t", &[("gone", "false")], "id = 2").is_err());
    assert_eq!(table.update("", "t", &[("gone", "true")], "id = 1"), Ok(1));
    assert_eq!(table.update("", "t", &[("gone", "false")], "id = 2"), Ok(1));
    assert!(table.update("", "t", &[("gone", "false")], "id = 1").is_err());
}

#[test]
fn actions_that_cannot_succeed_change_nothing() {
    let mut table = Table::open(
        "table t { id integer primary key, a text }
        rows t { (1, 'x') (2, null) (3, 'x') (4, null) }
        expand add unique t_a (a)",
    );
    let before = table.everything();
    assert_eq!(
        message(table.step()),
        "duplicate key in `t`: (a) = ('x') already exists, constraint `t_a` (row id = 3)"
    );
    assert_eq!(table.everything(), before);
    let mut table = Table::open(
        "table t { id integer primary key, a text }
        rows t { (1, 'x') (2, null) (3, 'x') (4, null) }
        contract set not null a",
    );
    assert_eq!(message(table.step()), "null in column `a` of table `t` (row id = 2), and in 1 more row");
    let mut table = Table::open(
        "table t { id integer primary key, a text }
        rows t { (1, 'x') (2, null) (3, 'y') }
        migrate verify a = 'x'",
    );
    assert_eq!(message(table.step()), "`verify` is not true for row id = 2 of `t`, and in 1 more row");
}

#[test]
fn add_column_fills_existing_rows_with_its_default() {
    let mut table = Table::open(
        "table t { id integer primary key }
        rows t { (1) (2) }
        expand add column n integer not null default 7
        expand add column s text",
    );
    table.steps(2);
    assert_eq!(table.show("t"), "1|7|null\n2|7|null");
    assert_eq!(table.insert("", "t(id)", &["3"]), Ok(1));
    assert_eq!(table.show("t"), "1|7|null\n2|7|null\n3|7|null");
}

#[test]
fn copy_inserts_each_key_once() {
    let mut table = Table::open(
        "table users { id integer primary key, city text }
        rows users { (1, 'Oslo') (2, 'Rome') (3, 'Oslo') (4, null) }
        expand add table cities { name text primary key, size integer default 0 }
        migrate copy users to cities (name from city) where city is not null in batches of 2
        migrate copy users to cities (name from city) where city is not null",
    );
    table.steps(1);
    assert_eq!(table.step(), Ok(Some(2)));
    assert_eq!(table.show("cities"), "Oslo|0\nRome|0");
    assert_eq!(table.step(), Ok(Some(0)));
    assert_eq!(table.show("cities"), "Oslo|0\nRome|0");
}

#[test]
fn batches_are_told_and_a_stop_takes_the_action_back() {
    use miglab::engine::{Engine, FaultKind, Happening};
    use std::ops::ControlFlow;
    let rows = |happening: Happening| match happening {
        Happening::Batch(batch) => (batch.rows_done, batch.rows_total),
        Happening::Waiting(waiting) => panic!("memory waits for nobody: {waiting:?}"),
    };
    let mut table = Table::open(
        "table t { id integer primary key, a text }
        rows t { (1, 'x') (2, null) (3, 'y') (4, null) (5, 'z') }
        migrate backfill a from 'q' in batches of 2",
    );
    let before = table.everything();
    let action = table.plan.steps[0].action.clone();
    let mut seen = Vec::new();
    let mut memory = table.memory.clone();
    memory
        .apply(&action, &mut |happening| {
            seen.push(rows(happening));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(seen, [(2, 5), (4, 5), (5, 5)]);
    let stop = table.memory.apply(&action, &mut |happening| match rows(happening).0 {
        4 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert_eq!(stop.unwrap_err().kind, FaultKind::Interrupted);
    assert_eq!(table.everything(), before);
}
