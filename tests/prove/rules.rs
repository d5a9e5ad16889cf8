//! Each rule of the model matters: without it, the verdict on some plan whose verdict is known is another one.

use std::fmt::Write;

use miglab::plan::Plan;
use miglab::prove::{AnomalyKind, Proof, Rule, Verdict, prove, prove_without};
use miglab::source::Source;
use miglab::syntax::parse;

pub fn plan(text: &str) -> Plan {
    let parsed = parse(Source::new("rule.mig", text));
    assert!(parsed.diagnostics.is_empty(), "{text}\n{:?}", parsed.diagnostics);
    Plan::resolve(&parsed.script, &[]).unwrap_or_else(|errors| panic!("{text}\n{errors:?}"))
}

/// A verdict in a word.
pub fn said(proof: &Proof) -> String {
    let mut said = match proof.verdict() {
        Verdict::Proved | Verdict::Conditional => "proved".to_owned(),
        Verdict::NotProved => "not proved".to_owned(),
        Verdict::Refuted => {
            let kinds: Vec<&str> = proof.refutations.iter().map(|refutation| refutation.anomaly.kind.name()).collect();
            kinds.join(", ")
        }
    };
    if let Some(point) = &proof.no_return {
        write!(said, "; no return after {}", point.step).unwrap();
    }
    said
}

const USERS: &str = "table users {\n id integer primary key\n username text not null\n}\n";
const NULLABLE: &str = "table users {\n id integer primary key\n username text\n}\n";
const V1: &str = "app v1 { uses username }\n";
const V2: &str = "app v2 { uses display_name }\n";
const TWO_WAY: &str = "expand add column display_name text\nexpand sync username <-> display_name\n";
const BACKFILL: &str = "migrate backfill display_name from username\n";
const ROLLOUT: &str = "deploy v2\nretire v1\n";

#[allow(clippy::too_many_lines, reason = "a table")]
/// For each rule a plan, and what is said of it with the rule and without it.
fn cases() -> Vec<(Rule, String, &'static str, &'static str)> {
    let rename = format!("{USERS}{V1}{V2}{TWO_WAY}{BACKFILL}{ROLLOUT}");
    let code_only = format!(
        "{USERS}{V1}app v2 {{ reads username writes username, display_name }}\n\
         app v3 {{ reads display_name writes username, display_name }}\n\
         expand add column display_name text\n{ROLLOUT}{BACKFILL}deploy v3\n"
    );
    let split = include_str!("../../scripts/split_table.mig").to_owned();
    let proved = "proved";
    vec![
        (
            Rule::WriteMakesStale,
            format!("{USERS}{V1}{V2}expand add column display_name text\n{BACKFILL}{ROLLOUT}"),
            "stale read; no return after 2",
            "rejected write",
        ),
        (Rule::SyncFires, rename.clone(), proved, "stale read; no return after 3"),
        (Rule::DualWrite, code_only, proved, "stale read; no return after 1"),
        (
            Rule::BackfillTakesFreshness,
            format!(
                "{NULLABLE}app v1 {{ writes username }}\napp v2 {{ writes display_name }}\nexpand add column display_name text\n{ROLLOUT}{BACKFILL}"
            ),
            "lost write; no return after 1",
            "proved; no return after 1",
        ),
        (
            Rule::OneFormMayChange,
            format!(
                "{USERS}app v1 {{ reads username }}\napp v2 {{ uses username, display_name, nick }}\n\
                 expand add column display_name text\nexpand add column nick text\n\
                 expand sync display_name from username\n{BACKFILL}migrate backfill nick from username\n{ROLLOUT}"
            ),
            "stale read",
            proved,
        ),
        (Rule::BackfillVisitsAll, rename.clone(), proved, "unset read"),
        (
            Rule::RowsAreInserted,
            format!("{rename}contract drop sync username <-> display_name\n"),
            "rejected write; no return after 5",
            "proved; no return after 5",
        ),
        (
            Rule::RowsAreDeleted,
            "table users {\n id integer primary key\n name text not null\n}\napp v1 { uses users.name }\n\
             expand add table profiles {\n user_id integer primary key references users (id)\n name text\n}\n\
             migrate copy users to profiles (user_id from id, name from name)\n"
                .to_owned(),
            "rejected write",
            proved,
        ),
        (
            Rule::DeletesAreWrites,
            split.replace("  deletes none }", " }"),
            "stale read, stale read; no return after 6",
            "proved; no return after 6",
        ),
        (
            Rule::ReferencesHold,
            "table teams {\n id integer primary key\n name text\n}\n\
             table members {\n id integer primary key\n team_id integer\n}\n\
             app v1 { uses teams.name  reads members.team_id }\n\
             expand add foreign key (team_id) references teams (id) on members\n"
                .to_owned(),
            "rejected write",
            proved,
        ),
        (
            Rule::NullsAtStart,
            format!("{NULLABLE}app v2 {{ uses username }}\ncontract set not null username\n"),
            "failing step",
            "rejected write",
        ),
        (
            Rule::NullWrites,
            format!(
                "{NULLABLE}{V1}expand add column display_name text not null default ''\n\
                 expand sync display_name from username\n"
            ),
            "rejected write",
            proved,
        ),
        (
            Rule::ConstraintsAreKnown,
            format!("{USERS}app v2 {{ uses username }}\ndeploy v2\nexpand add check short (length(username) < 9)\n"),
            proved,
            "rejected write",
        ),
        (
            Rule::LastCarrierGoesOnPurpose,
            format!("{USERS}app v1 {{ reads id }}\ncontract drop column username\n"),
            proved,
            "lost write",
        ),
        (
            Rule::DefaultIsAValue,
            format!(
                "{USERS}{V1}app v2 {{ uses username, city }}\nexpand add column city text not null default 'x'\ndeploy v2\n"
            ),
            "proved; no return after 1",
            "rejected write; no return after 1",
        ),
        (
            Rule::NullMayBeTheTruth,
            format!(
                "{NULLABLE}{V1}{V2}{TWO_WAY}migrate backfill display_name from username where username is not null\n{ROLLOUT}"
            ),
            proved,
            "unset read",
        ),
        (
            Rule::PartnersComeWhole,
            split.clone(),
            "proved; no return after 6",
            "lost write, lost write; no return after 6",
        ),
        (Rule::CopyCompletes, split, "proved; no return after 6", "unset read; no return after 6"),
        (
            Rule::DistinctLeavesOutNothing,
            format!(
                "{USERS}{V1}{V2}expand add column display_name text default ''\nexpand sync username <-> display_name\n\
                 migrate backfill display_name from username where display_name is distinct from username\n{ROLLOUT}"
            ),
            proved,
            "stale read",
        ),
        (
            Rule::RowsMeet,
            "table users {\n id integer primary key\n username text not null unique\n}\napp v1 { uses username }\n\
             expand add column login text unique\nmigrate backfill login from username\n"
                .to_owned(),
            "failing step",
            proved,
        ),
        (
            Rule::ValuesMayStay,
            format!("{USERS}{V1}{TWO_WAY}expand add not null display_name\n{BACKFILL}"),
            "rejected write",
            proved,
        ),
        (
            Rule::NotNullIsTrusted,
            "table users {\n id integer primary key\n name text\n fax text not null\n}\napp v1 { uses name, fax }\n\
             app v2 { uses name }\nexpand drop not null fax\ndeploy v2\nretire v1\n"
                .to_owned(),
            "unset read; no return after 1",
            "proved; no return after 1",
        ),
        (
            Rule::NullLosesItsSources,
            "table users {\n id integer primary key\n name text not null\n city text\n}\napp v1 { uses name, city }\n\
             app v2 { reads place }\nexpand add column place text\nexpand sync place from name || city\n\
             migrate backfill place from name || city\ndeploy v2\n"
                .to_owned(),
            "unset read",
            proved,
        ),
        (
            Rule::ExpressionsMayFail,
            "table users {\n id integer primary key\n age text not null\n}\napp v1 { uses age }\n\
             expand add column years integer\nexpand sync years from age::integer\n"
                .to_owned(),
            "rejected write",
            proved,
        ),
        (
            Rule::ChecksSeeValues,
            "table users {\n id integer primary key\n age integer not null\n}\napp v1 { uses age }\n\
             expand add column years integer\nexpand add check grown (years > 17) on users\nexpand sync years from age\n"
                .to_owned(),
            "rejected write",
            proved,
        ),
        (
            Rule::DefaultsAreHeld,
            format!("{USERS}{V1}expand add column age integer default 18\nexpand add check grown (age > 17) on users\n"),
            proved,
            "rejected write",
        ),
    ]
}

#[test]
fn without_a_rule_some_known_verdict_changes() {
    let cases = cases();
    let missing: Vec<Rule> =
        Rule::ALL.into_iter().filter(|rule| cases.iter().all(|(known, ..)| known != rule)).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
    let mut wrong = String::new();
    for (rule, text, with, without) in cases {
        let plan = plan(&text);
        let (with_it, without_it) = (said(&prove(&plan)), said(&prove_without(&plan, rule)));
        if with_it != with || without_it != without || with == without {
            writeln!(wrong, "{rule:?}: with it `{with_it}`, not `{with}`; without `{without_it}`, not `{without}`")
                .unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_proved_plan_is_refuted_when_what_makes_it_safe_is_dropped() {
    let rename = include_str!("../../scripts/rename.mig");
    for (line, kind) in [
        ("expand sync username <-> display_name", AnomalyKind::StaleRead),
        ("migrate backfill display_name from username in batches of 1000", AnomalyKind::UnsetRead),
        ("retire v1", AnomalyKind::BrokenUse),
    ] {
        let found = rename.lines().find(|written| written.starts_with(line)).unwrap_or_else(|| panic!("{line}"));
        let proof = prove(&plan(&rename.replace(found, "")));
        let kinds: Vec<AnomalyKind> = proof.refutations.iter().map(|refutation| refutation.anomaly.kind).collect();
        assert_eq!(kinds, [kind], "without `{line}`");
    }
}
