//! What an `app` says of a version decides what is looked at.

use crate::rules::{plan, said};
use miglab::prove::prove;

const USERS: &str = "table users {\n id integer primary key\n username text not null\n email text\n}\n";
const RENAME: &str = "expand add column display_name text\nexpand sync username <-> display_name\n\
                      migrate backfill display_name from username\ndeploy v2\nretire v1\n\
                      contract drop column username\n";
const PROFILES: &str = "expand add table profiles {\n user_id integer primary key references users (id)\n bio text\n}\n\
                        migrate copy users to profiles (user_id from id)\n";

/// The verdict, or the first thing that goes wrong.
fn verdict(apps: &str, statements: &str) -> String {
    let said = said(&prove(&plan(&format!("{USERS}{apps}\n{statements}"))));
    said.split([';', ',']).next().unwrap_or_default().to_owned()
}

#[test]
fn who_never_deletes_is_not_refused_by_a_foreign_key() {
    assert_eq!(verdict("app v1 { uses users.username }", PROFILES), "rejected write");
    assert_eq!(verdict("app v1 { uses users.username  deletes none }", PROFILES), "proved");
    assert_eq!(verdict("app v1 { uses users.username  deletes users }", PROFILES), "rejected write");
    assert_eq!(verdict("app v1 { reads users.username  updates users.username }", PROFILES), "proved");
}

#[test]
fn who_inserts_nothing_gives_no_column() {
    let bound = "expand add not null email\n";
    assert_eq!(verdict("app v1 { uses username }", bound), "rejected write");
    assert_eq!(verdict("app v1 { reads username  inserts none  deletes users }", bound), "proved");
    assert_eq!(verdict("app v1 { reads username  deletes none }", bound), "proved");
}

#[test]
fn an_insert_gives_what_it_says() {
    let bound = "expand drop not null username\n";
    let reader = "app v1 { reads username  deletes none }\n";
    let with = |app: &str| verdict(&format!("{reader}{app}"), &format!("{bound}deploy v2\n"));
    assert_eq!(with("app v2 { inserts username, email  deletes none }"), "proved");
    assert_eq!(with("app v2 { reads username  inserts users }"), "proved");
    assert_eq!(with("app v2 { reads username  inserts email }"), "unset read");
    assert_eq!(with("app v2 { updates email }"), "proved");
}

#[test]
fn whatever_columns_there_are() {
    assert_eq!(verdict("app v1 { uses users.* }\napp v2 { uses users.* }", RENAME), "proved");
    let one_way = RENAME.replace("username <-> display_name", "display_name from username");
    assert_eq!(verdict("app v1 { uses username }\napp v2 { uses users.* }", &one_way), "stale read");
    let unsynced = RENAME.replace("expand sync username <-> display_name\n", "");
    assert_eq!(verdict("app v1 { uses users.* }\napp v2 { uses display_name }", &unsynced), "stale read");
}

#[test]
fn a_version_that_has_read_the_catalog_breaks_at_a_drop() {
    let apps = "app v1 { uses username }\napp v2 { uses display_name  reads catalog }";
    assert_eq!(verdict(apps, RENAME), "broken use");
    let again = RENAME.replace("contract drop", "retire v2\ncontract drop") + "deploy v2\n";
    assert_eq!(verdict(apps, &again), "proved");
    assert_eq!(verdict("app v1 { uses username }\napp v2 { uses display_name }", RENAME), "proved");
    assert_eq!(verdict("app v1 { uses username }\napp v2 { uses users.*  reads catalog }", RENAME), "broken use");
    assert_eq!(verdict("app v1 { uses username }\napp v2 { uses users.* }", RENAME), "proved");
}

#[test]
fn an_upsert_needs_its_constraint() {
    let apps = "app v1 { reads username }\napp v2 { uses username, email  inserts users on conflict (email) }";
    let unique = "expand add unique users_email_key (email)\n";
    assert_eq!(verdict(apps, &format!("{unique}deploy v2\n")), "proved");
    assert_eq!(verdict(apps, &format!("deploy v2\n{unique}")), "broken use");
    assert_eq!(verdict(apps, &format!("{unique}deploy v2\ncontract drop unique users_email_key\n")), "broken use");
    let partial = "expand add unique index users_email_idx on users (email) where email <> ''\n";
    assert_eq!(verdict(apps, &format!("{partial}deploy v2\n")), "broken use");
    let wider = "expand add unique users_email_key (email, username)\n";
    assert_eq!(verdict(apps, &format!("{wider}deploy v2\n")), "broken use");
    assert_eq!(verdict("app v1 { uses email  inserts users on conflict (id) }", unique), "rejected write");
}

#[test]
fn a_version_may_be_deployed_again() {
    let apps = "app v1 { uses username }\napp v2 { uses username, display_name }";
    let back = "expand add column display_name text\ndeploy v2\nretire v1\ndeploy v1\nretire v2\ndeploy v2\n";
    assert_eq!(verdict(apps, back), "proved");
    let gone = format!("{back}retire v1\ncontract drop column username\n");
    assert_eq!(verdict(apps, &gone), "broken use");
}

#[test]
fn null_where_there_could_be_none() {
    let apps = "app v1 { uses username, email }\napp v2 { uses email }";
    let relaxed =
        |before: &str| verdict(apps, &format!("{before}expand drop not null username\ndeploy v2\nretire v1\n"));
    assert_eq!(relaxed(""), "unset read");
    assert_eq!(relaxed("expand set default username ''\n"), "proved");
    assert_eq!(verdict(apps, "deploy v2\nretire v1\ncontract drop not null username\n"), "rejected write");
    assert_eq!(verdict(apps, "expand set default username ''\ndeploy v2\nretire v1\n"), "proved");
    // Who could not rely on it when it started does not rely on it.
    let later = "app v1 { reads email }\napp v2 { uses email }\napp v3 { reads username }";
    assert_eq!(verdict(later, "expand drop not null username\ndeploy v2\ndeploy v3\n"), "proved");
}
