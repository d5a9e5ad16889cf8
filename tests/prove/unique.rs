//! Where two rows meet in a unique constraint of several columns, and where they cannot.

use miglab::prove::{Beside, prove};

use crate::rules::{plan, said};

const ROLLOUT: &str = "deploy v2\nretire v1\ncontract drop unique users_email\ncontract drop column email\n";

/// A rename of one of two columns that are unique together.
fn rename(statements: &str) -> String {
    format!(
        "table users {{\n id integer primary key\n tenant_id integer not null\n email text not null\n \
         unique users_email (tenant_id, email)\n}}\n\
         app v1 {{ uses tenant_id, email }}\napp v2 {{ uses tenant_id, login }}\n\
         expand add column login text\nexpand sync email <-> login\n{statements}"
    )
}

#[test]
fn the_copy_is_as_unique_as_its_source() {
    let proof = prove(&plan(&rename(&format!(
        "expand add unique users_login (tenant_id, login)\nmigrate backfill login from email\n{ROLLOUT}"
    ))));
    assert!(proof.refutations.is_empty() && proof.conditions.is_empty(), "{}", said(&proof));
}

#[test]
fn who_writes_the_copy_must_know_that_it_is_unique() {
    let proof = prove(&plan(&rename(&format!("migrate backfill login from email\n{ROLLOUT}"))));
    let [refutation] = &proof.refutations[..] else { panic!("{}", said(&proof)) };
    assert_eq!(refutation.anomaly.beside, Some(Beside::HasThem));
    let remedy = refutation.remedy.as_ref().map(|remedy| remedy.text.as_str());
    assert_eq!(remedy, Some("add `expand add unique (tenant_id, login)`"));
}

#[test]
fn a_copy_that_lags_behind_may_be_in_the_way() {
    let text = rename("expand add unique users_login (tenant_id, login)\nmigrate backfill login from email\n");
    let proof = prove(&plan(&text.replace("expand sync email <-> login\n", "")));
    assert!(said(&proof).starts_with("rejected write"), "{}", said(&proof));
    let lower = text.replace("email <-> login", "login from lower(email)").replace("from email", "from lower(email)");
    let proof = prove(&plan(&lower));
    assert!(proof.refutations.iter().any(|refutation| !refutation.hangs_on.is_empty()), "{}", said(&proof));
}

#[test]
fn a_partial_index_counts_for_its_rows_only() {
    let added = |before: &str, after: &str| {
        prove(&plan(&format!(
            "table users {{\n id integer primary key\n a integer not null\n b integer not null\n {before}\n}}\n\
             app v1 {{ uses a, b }}\nexpand add index users_new on users {after}\n"
        )))
    };
    for (before, after) in [
        ("index users_old (a) unique", "(a, b) unique"),
        ("index users_old (a) unique", "(a, b) unique where b > 0"),
        ("index users_old (a) unique where b > 0", "(a, b) unique where b > 0"),
        ("index users_old (a) unique where a is not null", "(a, b) unique"),
        ("index users_old (b)", "(id, a) unique"),
    ] {
        let proof = added(before, after);
        assert!(proof.refutations.is_empty() && proof.conditions.is_empty(), "{before}, {after}: {}", said(&proof));
    }
    for (before, after) in [
        ("index users_old (a) unique where b > 0", "(a, b) unique"),
        ("index users_old (a) unique where b > 0", "(a, b) unique where b > 1"),
        ("index users_old (a, b) unique", "(a) unique"),
        ("index users_old (a)", "(a, b) unique"),
    ] {
        let proof = added(before, after);
        assert!(said(&proof).starts_with("rejected write"), "{before}, {after}: {}", said(&proof));
    }
}
