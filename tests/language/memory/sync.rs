//! Syncs, freshness, and what applications see.

use super::table::{Table, message};
use miglab::engine::memory::AppState;

const RENAME: &str = "
table users { id integer primary key, username text not null, email text }
rows users { (1, 'alice', 'a@b') (2, 'bob', 'c@d') }
app v1 { reads id, username, email  writes id, username, email }
app v2 { reads id, display_name, email  writes id, display_name, email }
expand  add column display_name text
expand  sync username <-> display_name
migrate backfill display_name from username
deploy  v2
retire  v1
contract drop column username
";

#[test]
fn a_rename_beside_two_applications() {
    let mut table = Table::open(RENAME);
    assert_eq!(table.memory.app_state("v2"), Ok(AppState::NotLive));
    table.step().unwrap();
    assert_eq!(table.show("users"), "1|alice|a@b|null?\n2|bob|c@d|null?");
    table.update("v1", "users", &[("username", "'al'")], "id = 1").unwrap();
    assert_eq!(table.show("users"), "1|al|a@b|null?\n2|bob|c@d|null?");
    table.step().unwrap();
    table.update("v1", "users", &[("username", "'ally'")], "id = 1").unwrap();
    assert_eq!(table.show("users"), "1|ally|a@b|ally\n2|bob|c@d|null?");
    table.insert("v1", "users(id, username)", &["3, 'carol'"]).unwrap();
    assert_eq!(table.show("users"), "1|ally|a@b|ally\n2|bob|c@d|null?\n3|carol|null|carol");
    table.steps(2);
    assert_eq!(table.show("users"), "1|ally|a@b|ally\n2|bob|c@d|bob\n3|carol|null|carol");
    table.update("v2", "users", &[("display_name", "'Bobby'")], "id = 2").unwrap();
    assert_eq!(table.show("users"), "1|ally|a@b|ally\n2|Bobby|c@d|Bobby\n3|carol|null|carol");
    table.insert("v2", "users(id, display_name)", &["4, 'dan'"]).unwrap();
    table.steps(2);
    assert_eq!(table.show("users"), "1|a@b|ally\n2|c@d|Bobby\n3|null|carol\n4|null|dan");
    assert_eq!(table.memory.app_state("v1"), Ok(AppState::NotLive));
    assert_eq!(table.memory.app_state("v2"), Ok(AppState::Works));
}

#[test]
fn an_application_is_held_to_what_it_declares() {
    let mut table = Table::open(RENAME);
    assert_eq!(message(table.update("v2", "users", &[("email", "'x'")], "true")), "application `v2` is not live");
    table.steps(1);
    assert_eq!(
        message(table.update("v1", "users", &[("display_name", "'x'")], "true")),
        "application `v1` does not write `users.display_name`"
    );
    assert_eq!(message(table.update("v9", "users", &[("email", "'x'")], "true")), "there is no application `v9`");
}

#[test]
fn an_application_breaks_where_its_column_is_gone() {
    let mut table = Table::open(&RENAME.replace("retire  v1\n", ""));
    table.steps(5);
    assert_eq!(
        table.memory.app_state("v1"),
        Ok(AppState::Breaks(vec!["reads and writes `users.username`, which does not exist".into()]))
    );
    assert_eq!(
        message(table.memory.select(Some(&"v1".into()), &"users".into(), None, None, 9)),
        "application `v1` breaks: it uses `users.username`, which does not exist"
    );
    assert!(table.insert("v1", "users(id, email)", &["9, 'x'"]).is_err());
}

#[test]
fn without_a_sync_the_other_form_goes_stale() {
    let mut table = Table::open(
        "table users { id integer primary key, username text }
        rows users { (1, 'alice') }
        app v1 { uses id, username }
        app v2 { uses id, display_name }
        expand add column display_name text
        migrate backfill display_name from username
        deploy v2
        migrate backfill display_name from username",
    );
    table.steps(3);
    assert_eq!(table.show("users"), "1|alice|alice");
    table.update("v1", "users", &[("username", "username")], "true").unwrap();
    assert_eq!(table.show("users"), "1|alice|alice");
    table.update("v2", "users", &[("display_name", "'Al'")], "true").unwrap();
    assert_eq!(table.show("users"), "1|alice~|Al");
    table.step().unwrap();
    assert_eq!(table.show("users"), "1|alice~|alice~");
}

#[test]
fn what_changed_decides_and_not_what_was_given() {
    let mut table = Table::open(RENAME);
    table.steps(4);
    let whole = |name: &'static str, display: &'static str| [("username", name), ("display_name", display)];
    table.update("", "users", &whole("'al'", "'alice'"), "id = 1").unwrap();
    assert_eq!(table.show("users"), "1|al|a@b|al\n2|bob|c@d|bob");
    table.update("", "users", &whole("'al'", "'Al'"), "id = 1").unwrap();
    assert_eq!(table.show("users"), "1|Al|a@b|Al\n2|bob|c@d|bob");
    table.update("", "users", &whole("'x'", "'y'"), "id = 1").unwrap();
    assert_eq!(table.show("users"), "1|x|a@b|y\n2|bob|c@d|bob");
    table
        .insert("", "users(id, username, display_name)", &["3, 'carol', null", "4, null, 'dan'", "5, 'e', 'E'"])
        .unwrap();
    assert_eq!(table.show("users"), "1|x|a@b|y\n2|bob|c@d|bob\n3|carol|null?|carol\n4|dan|null?|dan\n5|e|null?|E");
}

const SPLIT: &str = "
table people { id integer primary key, first_name text, last_name text }
rows people { (1, 'Jan', 'van Dyk') }
app v1 { uses id, first_name, last_name }
app v2 { uses id, full_name }
expand add column full_name text
expand sync full_name from first_name || ' ' || last_name
expand sync first_name from split_part(full_name, ' ', 1)
expand sync last_name from split_part(full_name, ' ', 2)
migrate backfill full_name from first_name || ' ' || last_name
deploy v2
";

#[test]
fn van_dyk_does_not_come_back_as_van() {
    let mut table = Table::open(SPLIT);
    table.steps(6);
    table.update("v1", "people", &[("first_name", "'Piet'")], "id = 1").unwrap();
    assert_eq!(table.show("people"), "1|Piet|van Dyk|Piet van Dyk");
    table.update("v2", "people", &[("full_name", "'Mary Smith'")], "id = 1").unwrap();
    assert_eq!(table.show("people"), "1|Mary|Smith|Mary Smith");
}

#[test]
fn a_sync_that_has_no_value_refuses_the_write() {
    let mut table = Table::open(
        "table t { id integer primary key, a text }
        rows t { (1, '1') }
        expand add column n integer
        expand sync n from a::integer",
    );
    table.steps(2);
    assert!(message(table.update("", "t", &[("a", "'x'")], "true")).contains("invalid input syntax for type integer"));
    table.update("", "t", &[("a", "'7'")], "true").unwrap();
    assert_eq!(table.show("t"), "1|7|7");
}

#[test]
fn seed_fills_nulls_only_and_stays_its_own() {
    let mut table = Table::open(
        "table t { id integer primary key, a text }
        rows t { (1, 'x') (2, 'y') }
        app v1 { uses id, a, b }
        expand add column b text
        migrate seed b from a",
    );
    table.step().unwrap();
    assert_eq!(table.show("t"), "1|x|null?\n2|y|null?");
    table.update("v1", "t", &[("b", "'own'")], "id = 1").unwrap();
    assert_eq!(table.step(), Ok(Some(1)));
    assert_eq!(table.show("t"), "1|x|own\n2|y|y");
    table.update("v1", "t", &[("a", "'new'")], "id = 2").unwrap();
    assert_eq!(table.show("t"), "1|x|own\n2|new|y");
}

const SPLIT_TABLE: &str = "
table users { id integer primary key, name text, bio text }
rows users { (1, 'alice', 'likes tea') (2, 'bob', null) }
app v1 { uses users.id, users.name, users.bio }
app v2 { uses users.id, users.name, profiles.user_id, profiles.bio }
expand add table profiles { user_id integer primary key references users (id), bio text }
expand sync profiles.bio <-> users.bio
migrate copy users to profiles (user_id from id, bio from bio)
deploy v2
retire v1
contract drop column users.bio
";

#[test]
fn a_split_table_beside_two_applications() {
    let mut table = Table::open(SPLIT_TABLE);
    table.steps(2);
    table.update("v1", "users", &[("bio", "'early'")], "id = 2").unwrap();
    assert_eq!(table.show("profiles"), "2|early");
    table.insert("v1", "users(id, name, bio)", &["3, 'carol', 'new'"]).unwrap();
    assert_eq!(table.show("profiles"), "2|early\n3|new");
    assert_eq!(table.step(), Ok(Some(1)));
    assert_eq!(table.show("profiles"), "2|early\n3|new\n1|likes tea");
    table.step().unwrap();
    table.update("v2", "profiles", &[("bio", "'coffee'")], "user_id = 1").unwrap();
    assert_eq!(table.show("users"), "1|alice|coffee\n2|bob|early\n3|carol|new");
    table.delete("v1", "users", "id = 3").unwrap();
    assert_eq!(table.show("profiles"), "2|early\n1|coffee");
    table.steps(2);
    table.update("v2", "profiles", &[("bio", "'last'")], "user_id = 2").unwrap();
    table.undo().unwrap();
    assert_eq!(table.show("users"), "1|alice|coffee\n2|bob|early~");
}

#[test]
fn a_row_of_nothing_but_nulls_brings_no_partner_about() {
    let mut table = Table::open(SPLIT_TABLE);
    table.steps(4);
    table.insert("v1", "users(id, name, bio)", &["3, 'carol', null"]).unwrap();
    assert_eq!(table.show("profiles").lines().count(), 2);
    table.insert("v2", "profiles(user_id, bio)", &["3, 'hers'"]).unwrap();
    assert_eq!(table.show("users").lines().last(), Some("3|carol|hers"));
}

#[test]
fn a_default_that_stands_brings_a_partner_about() {
    let mut table = Table::open(&SPLIT_TABLE.replace("bio text }", "bio text default '-' }"));
    table.steps(4);
    table.insert("v2", "users(id, name)", &["3, 'carol'"]).unwrap();
    assert_eq!(table.show("profiles").lines().last(), Some("3|-"));
}

#[test]
fn no_sync_carries_the_delete_of_a_row_that_refers() {
    let mut table = Table::open(SPLIT_TABLE);
    table.steps(4);
    table.delete("v2", "profiles", "user_id = 1").unwrap();
    assert_eq!(table.show("users"), "1|alice|likes tea~\n2|bob|null");
    table.insert("v2", "profiles(user_id, bio)", &["1, 'again'"]).unwrap();
    assert_eq!(table.show("users"), "1|alice|again\n2|bob|null");
}

#[test]
fn a_key_that_is_referred_to_does_not_change() {
    let mut table = Table::open(SPLIT_TABLE);
    table.steps(4);
    assert!(table.update("v1", "users", &[("id", "9")], "id = 1").is_err());
    assert_eq!(table.show("users"), "1|alice|likes tea\n2|bob|null");
}

#[test]
fn a_write_that_fails_leaves_no_trace_in_other_tables() {
    let mut table = Table::open(SPLIT_TABLE);
    table.steps(4);
    let before = table.everything();
    assert!(table.insert("v1", "users(id, name, bio)", &["8, 'x', 'y'", "1, 'again', 'z'"]).is_err());
    assert_eq!(table.everything(), before);
}

/// What `check` warns of (`lossy-translation`): the value that does not come back is lost when the other version
/// changes another word.
#[test]
fn a_name_that_does_not_survive_the_split_is_lost_by_the_next_write_of_a_part() {
    const SPLIT: &str = "
table users { id integer primary key, full_name text not null }
app v1 { uses id, full_name }
app v2 { uses id, first_name, last_name }
expand add column first_name text
expand add column last_name text
expand sync first_name from split_part(full_name, ' ', 1)
expand sync last_name from split_part(full_name, ' ', 2)
expand sync full_name from first_name || ' ' || last_name
deploy v2
";
    let with_rows = format!("{SPLIT}rows users {{ (1, 'Ada Lovelace') (2, 'Mary Ann Smith') }}");
    let checked = miglab::check::findings(miglab::source::Source::new("split.mig", with_rows));
    let messages: Vec<&str> = checked.diagnostics.iter().map(|found| found.message.as_str()).collect();
    assert!(messages.contains(&"`full_name` 'Mary Ann Smith' comes back as 'Mary Ann'"), "{messages:?}");
    let mut table = Table::open(SPLIT);
    table.steps(6);
    table.insert("v1", "users(id, full_name)", &["1, 'Mary Ann Smith'", "2, 'Ada Lovelace'"]).unwrap();
    assert_eq!(table.show("users"), "1|Mary Ann Smith|Mary|Ann\n2|Ada Lovelace|Ada|Lovelace");
    table.update("v2", "users", &[("first_name", "'Marie'")], "true").unwrap();
    assert_eq!(table.show("users"), "1|Marie Ann|Marie|Ann\n2|Marie Lovelace|Marie|Lovelace");
}
