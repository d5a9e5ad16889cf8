//! What is told of data that a plan does away with, and what is not.

use crate::check::findings;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Source;

const TABLE: &str = "
migration \"t\" on posts
table posts {
    id    integer primary key
    title text not null
    sub   text
    price numeric(10, 2) not null
    lit   boolean not null
    at    timestamp not null
    kind  text not null check (kind in ('x', 'y'))
}
app v1 { uses title, sub, price, lit, at, kind }
";

/// A script with these statements, and a second version where they add a column that it could read.
fn script(statements: &str) -> Source {
    let second = if statements.contains("add column form") { "app v2 { reads form }\n" } else { "" };
    Source::new("kept.mig", format!("{TABLE}{second}{statements}"))
}

fn found(statements: &str) -> Vec<Diagnostic> {
    let told = findings(script(statements));
    let unread = |finding: &&Diagnostic| finding.keeps_from_running();
    assert!(told.diagnostics.iter().find(unread).is_none(), "{statements}\n{:#?}", told.diagnostics);
    told.diagnostics
}

/// Whether a plan is told to overwrite data.
fn overwrites(statements: &str) -> bool {
    found(statements).iter().any(|finding| finding.code == Code::OverwritesData)
}

/// A plan that carries a column over in one direction, and drops it.
fn one_way(ty: &str, value: &str, dropped: &str) -> String {
    format!(
        "expand add column form {ty}\nexpand sync form from {value}\nmigrate backfill form from {value}\n\
         deploy v2\nretire v1\ncontract drop column {dropped}\n"
    )
}

/// What is said of the column that is dropped: that it is lost, or that it must be told from what is left.
fn lost(ty: &str, value: &str, dropped: &str) -> Option<Code> {
    let told = found(&one_way(ty, value, dropped));
    let of_it = |finding: &&Diagnostic| match finding.code {
        Code::LossyTranslation => true,
        Code::Condition => finding.message.contains("apart"),
        _ => false,
    };
    told.iter().find(of_it).map(|finding| finding.code)
}

#[test]
fn data_from_before_the_plan_is_overwritten() {
    for statement in [
        "backfill title from 'open'",
        "backfill title from 'open' where true",
        "backfill title from 'open' where id > 7",
        "backfill title from 'open' where title is distinct from 'open'",
        "backfill title from 'eu' where title = 'EU'",
        "backfill title from lower(title)",
        "backfill sub from null",
        "backfill sub from title",
        "backfill sub from title where sub is not null",
        "backfill sub from nullif(sub, '')",
        "backfill sub from title where sub = ''",
    ] {
        let plan = format!("migrate {statement}\n");
        assert!(overwrites(&plan), "{statement}: {:#?}", found(&plan));
    }
}

#[test]
fn what_is_empty_is_filled_and_what_is_there_stays() {
    for statement in [
        "backfill sub from 'x' where sub is null",
        "backfill sub from 'x' where sub is null and lit",
        "backfill sub from title where coalesce(sub, '') = '' and sub is null",
        "backfill sub from coalesce(sub, title)",
        "backfill sub from case when sub is null then title else sub end",
        "backfill sub from sub",
        "seed sub from 'x'",
    ] {
        assert!(!overwrites(&format!("migrate {statement}\n")), "{statement}");
    }
}

#[test]
fn a_column_is_filled_twice() {
    let twice = |one: &str, other: &str| {
        overwrites(&format!(
            "expand add column form text\nmigrate backfill form from {one}\nmigrate backfill form from {other}\n"
        ))
    };
    assert!(twice("title", "sub"));
    assert!(twice("title", "sub where sub is not null"));
    assert!(twice("'a'", "'b'"));
    assert!(twice("title", "lower(form)"));
    assert!(!twice("title", "title"));
    assert!(!twice("title where lit", "title"));
    assert!(!twice("'L' where price > 10", "'S' where price <= 10"));
    assert!(twice("'L' where price >= 10", "'S' where price <= 10"));
    assert!(!twice("sub", "title where form is null"));
    let seeded = "expand add column form text\nmigrate seed form from 'a'\nmigrate backfill form from title\n";
    assert!(overwrites(seeded));
}

#[test]
fn a_default_is_no_data_and_what_a_version_writes_is() {
    let add = "app v3 { uses plan }\nexpand add column plan text default 'x'\n";
    assert!(!overwrites(&format!("{add}migrate backfill plan from 'free'\ndeploy v3\n")));
    assert!(overwrites(&format!("{add}deploy v3\nmigrate backfill plan from 'free'\n")));
    assert!(!overwrites(&format!("{add}deploy v3\nmigrate backfill plan from 'free' where plan is null\n")));
}

#[test]
fn a_backfill_is_held_against_the_sync_of_its_column() {
    let unlike = |sync: &str, fill: &str| {
        let (sync, fill) = (format!("expand sync form {sync}\n"), format!("migrate {fill}\n"));
        let before = overwrites(&format!("expand add column form text\n{sync}{fill}"));
        let after = overwrites(&format!("expand add column form text\n{fill}{sync}"));
        assert_eq!(before, after, "{sync}{fill}");
        before
    };
    assert!(unlike("<-> title", "backfill form from upper(title)"));
    assert!(unlike("from title", "backfill form from upper(title) where form is null"));
    assert!(unlike("from title", "seed form from upper(title)"));
    assert!(unlike("from sub", "backfill form from coalesce(sub, '-')"));
    assert!(!unlike("<-> title", "backfill form from title"));
    assert!(!unlike("<-> title", "backfill form from title where form is null"));
    assert!(!unlike("from price::text", "backfill form from price"));
    assert!(!unlike("from lower(title)", "backfill form from lower(lower(title))"));
    let dropped = "expand add column form text\nexpand sync form from title\nmigrate backfill form from title\n\
                   contract drop sync form\nmigrate backfill form from upper(title)\n";
    assert!(overwrites(dropped));
}

#[test]
fn a_copy_is_held_against_the_sync_of_its_column() {
    let table = "expand add table forms { id integer primary key references posts (id)  form text }\n\
                 expand sync forms.form from posts.title\n";
    assert!(!overwrites(&format!("{table}migrate copy posts to forms (id from id, form from title)\n")));
    assert!(overwrites(&format!("{table}migrate copy posts to forms (id from id, form from upper(title))\n")));
}

#[test]
fn what_is_overwritten_is_not_proved_unless_it_is_answered_for() {
    let verdict = |text: &str| {
        let told = findings(script(text));
        told.headline().map(|headline| headline.line()).unwrap_or_default()
    };
    assert!(verdict("migrate backfill title from 'open'\n").starts_with("not proved"));
    let allowed = verdict("allow overwrites-data because 'all are open'\nmigrate backfill title from 'open'\n");
    assert!(allowed.starts_with("proved"), "{allowed}");
}

#[test]
fn a_translation_in_one_direction_loses_what_it_leaves_out() {
    for (ty, value, dropped) in [
        ("text", "left(title, 20)", "title"),
        ("integer", "length(title)", "title"),
        ("text", "lower(title)", "title"),
        ("text", "trim(title)", "title"),
        ("text", "split_part(title, ' ', 1)", "title"),
        ("numeric", "round(price)", "price"),
        ("integer", "price", "price"),
        ("date", "at::date", "at"),
        ("timestamp", "date_trunc('hour', at)", "at"),
        ("boolean", "price > 10", "price"),
        ("timestamp", "date_trunc('milliseconds', at)", "at"),
        // Null, and what it becomes.
        ("text", "coalesce(sub, '-')", "sub"),
        ("text", "coalesce(sub, '')", "sub"),
        ("text", "concat(sub, '')", "sub"),
        ("text", "case when sub is null then 'none' else sub end", "sub"),
    ] {
        assert_eq!(lost(ty, value, dropped), Some(Code::LossyTranslation), "{value}");
    }
}

#[test]
fn a_translation_that_keeps_all_is_not_told() {
    for (ty, value, dropped) in [
        ("text", "title", "title"),
        ("text", "'@' || title", "title"),
        ("text", "title || sub", "sub"),
        ("text", "price::text", "price"),
        ("bigint", "price * 100", "price"),
        ("numeric(12, 2)", "price", "price"),
        ("text", "case when lit then 'on' else 'off' end", "lit"),
        ("boolean", "not lit", "lit"),
        ("text", "concat('@', title)", "title"),
        ("numeric(12, 4)", "price / 100.0", "price"),
        ("double precision", "price", "price"),
        ("timestamptz", "at", "at"),
    ] {
        assert_eq!(lost(ty, value, dropped), None, "{value}");
    }
    // Of this it is not known.
    assert_eq!(lost("text", "md5(title)", "title"), Some(Code::Condition));
}

#[test]
fn parts_are_lost_with_the_last_of_them() {
    let merge = "expand add column form text\nmigrate backfill form from title || ' ' || kind\n\
                 deploy v2\nretire v1\ncontract drop column kind\n";
    let lossy = |text: &str| found(text).iter().filter(|finding| finding.code == Code::LossyTranslation).count();
    assert_eq!(lossy(merge), 0);
    // The kind is one of two letters, and cannot be taken for a part of the title.
    assert_eq!(lossy(&format!("{merge}contract drop column title\n")), 0);
    let names = merge.replace("kind", "sub");
    assert_eq!(lossy(&format!("{names}contract drop column title\n")), 1);
}

#[test]
fn what_lives_on_through_others_is_told_when_the_last_of_them_goes() {
    let chain = "expand add column mid text\nexpand add column form text\nmigrate backfill mid from title\n\
                 migrate backfill form from mid\ndeploy v2\nretire v1\ncontract drop column title\n";
    let lossy = |text: &str| found(text).iter().any(|finding| finding.code == Code::LossyTranslation);
    assert!(!lossy(chain));
    assert!(!lossy(&format!("{chain}contract drop column mid\n")));
    assert!(lossy(&format!("{chain}contract drop column mid\ncontract drop column form\n")));
    assert!(lossy(
        &chain
            .replace("backfill form from mid", "backfill form from left(mid, 3)")
            .replace("contract drop column title\n", "contract drop column title\ncontract drop column mid\n")
    ));
}

#[test]
fn a_partial_copy_loses_the_rest() {
    let partly = "expand add column form text\nmigrate backfill form from title where lit\n\
                  contract drop column title\n";
    let told = found(partly);
    let lossy = told.iter().find(|finding| finding.code == Code::LossyTranslation);
    assert!(lossy.is_some_and(|finding| finding.message.contains("some rows")), "{told:#?}");
}

#[test]
fn rows_copied_from_two_tables_are_beside_each_other() {
    let two = "table cats { id integer primary key, name text not null }\n\
               table dogs { id integer primary key, name text not null }\n\
               app v1 { uses cats.name, dogs.name }\napp v2 { uses pets.name }\n\
               expand add table pets { id integer primary key, name text }\nretire v1\n\
               migrate copy cats to pets (id from id, name from name)\n\
               migrate copy dogs to pets (id from id, name from name)\ndeploy v2\n\
               contract drop table cats\ncontract drop table dogs\n";
    let lossy = |text: &str| {
        let told = findings(Source::new("kept.mig", text)).diagnostics;
        told.iter().any(|finding| finding.code == Code::LossyTranslation)
    };
    assert!(!lossy(two));
    assert!(lossy(&two.replace(
        "copy cats to pets (id from id, name from name)",
        "copy cats to pets (id from id, name from left(name, 2))"
    )));
}

#[test]
fn null_may_become_what_no_check_admits() {
    let plan = TABLE.replace("sub   text", "sub   text check (sub <> '-')");
    let text = format!("{plan}app v2 {{ reads form }}\n{}", one_way("text", "coalesce(sub, '-')", "sub"));
    let told = findings(Source::new("kept.mig", text)).diagnostics;
    assert!(told.iter().all(|finding| finding.code != Code::LossyTranslation), "{told:#?}");
}

#[test]
fn a_filter_that_leaves_out_null_loses_nothing() {
    let plan = one_way("text", "title", "title")
        .replace("form from title\ndeploy", "form from title where title is not null\ndeploy");
    let told = found(&plan);
    assert!(told.iter().all(|finding| !matches!(finding.code, Code::LossyTranslation | Code::Condition)), "{told:#?}");
}

#[test]
fn what_a_version_has_written_to_a_column_of_the_plan_is_lost_with_it() {
    let plan = |value: &str| {
        format!(
            "app v2 {{ uses note  inserts none  deletes none }}\napp v3 {{ reads form }}\n\
             expand add column note text\nexpand add column form text\nretire v1\n\
             migrate backfill note from case when lit then 'on' else 'off' end\ndeploy v2\nretire v2\n\
             migrate backfill form from {value}\ndeploy v3\ncontract drop column note\n"
        )
    };
    let of = |value: &str| {
        let told = findings(Source::new("kept.mig", format!("{TABLE}{}", plan(value)))).diagnostics;
        told.iter().filter(|finding| finding.code == Code::LossyTranslation).count()
    };
    assert_eq!(of("left(note, 3)"), 1);
    assert_eq!(of("note"), 0);
}

#[test]
fn a_chain_of_renames_overwrites_nothing() {
    let chain = "app v2 { uses sub2 }\napp v3 { uses sub3 }\nexpand add column sub2 text\nexpand add column sub3 text\n\
                 expand sync sub <-> sub2\nexpand sync sub2 <-> sub3\nmigrate backfill sub2 from sub\n\
                 migrate backfill sub3 from sub2\n";
    assert!(!overwrites(&format!("{chain}deploy v2\ndeploy v3\n")));
    let other = chain.replace("sub2 <-> sub3", "sub2 from title");
    assert!(overwrites(&format!("{other}deploy v2\ndeploy v3\n")));
}

#[test]
fn an_expression_is_shown_whole() {
    let told = found(&one_way("bigint", "(price * 10)::bigint", "price"));
    let lossy = told.iter().find(|finding| finding.code == Code::LossyTranslation);
    assert!(lossy.is_some_and(|finding| finding.message.contains("`(price * 10)::bigint`")), "{told:#?}");
}
