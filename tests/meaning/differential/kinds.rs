//! Plans of `miglab new`, with the types of columns at random.

use super::pools;
use crate::common::random::Random;
use crate::common::run;

/// A plan of some kind, where there is one for the types.
pub fn plan(random: &mut Random) -> Option<String> {
    let arguments = arguments(random);
    let line: Vec<&str> = std::iter::once("new").chain(arguments.iter().map(String::as_str)).collect();
    let ran = run(&line);
    (ran.code == 0).then_some(ran.out)
}

fn arguments(random: &mut Random) -> Vec<String> {
    let (ty, other) = (*random.pick(pools::TYPES), *random.pick(pools::TYPES));
    let literal = pools::literal(random, ty);
    let literal = literal.trim_matches('\'');
    let value = |random: &mut Random, from: &str, to: &str| match pools::expressions(from, to) {
        [] => "a".to_owned(),
        some => random.pick(some).replace("{}", "a"),
    };
    match random.below(12) {
        0 => vec!["add-column".into(), "t.d".into(), ty.into()],
        1 => ["add-column", "t.d", ty, "--default", literal, "--not-null"].map(str::to_owned).to_vec(),
        2 => {
            let from = value(random, other, ty);
            let with = format!("a {other}");
            ["add-column", "t.d", ty, "--from", &from, "--with", &with].map(str::to_owned).to_vec()
        }
        3 => ["rename-column", "t.a", "d", "--type", ty].map(str::to_owned).to_vec(),
        4 => ["change-type", "t.a", ty, "--was", other].map(str::to_owned).to_vec(),
        5 => {
            let using = value(random, other, ty);
            ["change-type", "t.a", ty, "--was", other, "--using", &using].map(str::to_owned).to_vec()
        }
        6 => ["drop-column", "t.a", "--type", ty].map(str::to_owned).to_vec(),
        7 => ["add-not-null", "t.a", "--fill", literal, "--type", ty].map(str::to_owned).to_vec(),
        8 => {
            let check = random.pick(pools::checks(ty)).replace("{}", "a");
            ["add-check", "t.a", &check, "--type", ty].map(str::to_owned).to_vec()
        }
        9 => ["set-default", "t.a", literal, "--type", ty].map(str::to_owned).to_vec(),
        10 => ["add-table", "u", &format!("a:{ty}"), &format!("b:{other} not null")].map(str::to_owned).to_vec(),
        _ => random
            .pick(&[
                &["split-column", "t.a", "d", "e"][..],
                &["merge-columns", "t.a", "t.b", "d"],
                &["add-unique", "t.a"],
                &["add-index", "t.a"],
                &["add-foreign-key", "t.u_id", "u.id"],
                &["split-table", "t", "u", "a", "b"],
                &["rename-table", "t", "u"],
                &["drop-table", "u"],
            ])
            .iter()
            .map(|word| (*word).to_owned())
            .collect(),
    }
}
