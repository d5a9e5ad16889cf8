//! Random plans in which values matter.

use std::fmt::Write as _;

use super::{kinds, pairs, pools};
use crate::common::random::Random;

/// A script in lines, so that lines can be left out.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its statements are the whole script.
    pub whole: bool,
    pub columns: Vec<String>,
    pub apps: Vec<String>,
    pub statements: Vec<String>,
}

impl Draft {
    pub fn text(&self) -> String {
        if self.whole {
            return self.statements.join("\n");
        }
        let mut text = format!("table t {{\n    id integer primary key\n    {}\n}}\n", self.columns.join("\n    "));
        for line in self.apps.iter().chain(&self.statements) {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// The same with one line less, or one clause of a column less.
    pub fn smaller(&self) -> Vec<Self> {
        let mut smaller = Vec::new();
        for at in 0..self.statements.len() {
            let mut less = self.clone();
            less.statements.remove(at);
            smaller.push(less);
        }
        for at in 0..self.apps.len() {
            let mut less = self.clone();
            less.apps.remove(at);
            smaller.push(less);
        }
        if self.whole {
            self.leave_out_items(&mut smaller);
        }
        for at in 0..self.columns.len() {
            let mut less = self.clone();
            less.columns.remove(at);
            smaller.push(less);
            for clause in [" not null", " unique"] {
                if self.columns[at].contains(clause) {
                    let mut less = self.clone();
                    less.columns[at] = self.columns[at].replacen(clause, "", 1);
                    smaller.push(less);
                }
            }
            for word in [" default ", " check "] {
                if let Some((kept, _)) = self.columns[at].split_once(word) {
                    let mut less = self.clone();
                    kept.clone_into(&mut less.columns[at]);
                    smaller.push(less);
                }
            }
        }
        for at in 0..self.statements.len() {
            for word in [" default ", " where ", " unique", " not null"] {
                let Some((kept, _)) = self.statements[at]
                    .split_once(word)
                    .filter(|(kept, _)| kept.contains("column") || word == " where ")
                else {
                    continue;
                };
                let mut less = self.clone();
                kept.clone_into(&mut less.statements[at]);
                smaller.push(less);
            }
        }
        smaller
    }

    /// Of lines in braces, what stands between two commas.
    fn leave_out_items(&self, smaller: &mut Vec<Self>) {
        for (at, line) in self.statements.iter().enumerate().filter(|(_, line)| line.contains('{')) {
            let items: Vec<&str> = line.split(", ").collect();
            for item in 1..items.len() {
                let mut fewer = items.clone();
                let removed = fewer.remove(item);
                let mut less = self.clone();
                less.statements[at] = fewer.join(", ");
                if removed.contains('}') {
                    less.statements[at].push_str(" }");
                }
                smaller.push(less);
            }
            for clause in [" not null", "  deletes none", "  inserts none", "  updates none"] {
                if line.contains(clause) {
                    let mut less = self.clone();
                    less.statements[at] = line.replacen(clause, "", 1);
                    smaller.push(less);
                }
            }
        }
    }
}

fn start(random: &mut Random, name: &'static str, ty: &'static str, columns: &mut Vec<String>) -> &'static str {
    let mut line = format!("{name} {ty}");
    if random.chance(55) {
        line.push_str(" not null");
    }
    if random.chance(20) {
        write!(line, " default {}", pools::literal(random, ty)).unwrap();
    }
    if random.chance(10) && ty != "jsonb" {
        line.push_str(" unique");
    }
    if random.chance(25) {
        write!(line, " check ({})", random.pick(pools::checks(ty)).replace("{}", name)).unwrap();
    }
    columns.push(line);
    name
}

fn any_type(random: &mut Random) -> &'static str {
    *random.pick(pools::TYPES)
}

fn app(random: &mut Random, name: &str, columns: &[&str]) -> String {
    let mut all = columns.to_vec();
    if random.chance(15) {
        all.insert(0, "id");
    }
    let all = all.join(", ");
    let more = match random.below(30) {
        0 => "  deletes none",
        1 => "  inserts none",
        2 => "  updates none",
        3 => "  inserts t on conflict (id)",
        4 => "  reads catalog",
        _ => "",
    };
    match random.below(14) {
        0 | 1 => format!("app {name} {{ uses t.* }}"),
        2..5 if !more.is_empty() => format!("app {name} {{ uses {all}{more} }}"),
        other => plain_app(name, &all, other - 2),
    }
}

fn plain_app(name: &str, all: &str, kind: usize) -> String {
    match kind {
        0 => format!("app {name} {{ reads {all} }}"),
        1 => format!("app {name} {{ reads {all} updates {all} }}"),
        2 => format!("app {name} {{ reads {all} inserts {all} updates {all} }}"),
        _ => format!("app {name} {{ uses {all} }}"),
    }
}

/// A random plan.
pub fn draft(random: &mut Random) -> Draft {
    if random.chance(15)
        && let Some(text) = kinds::plan(random)
    {
        let statements = text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
        return Draft { whole: true, columns: Vec::new(), apps: Vec::new(), statements };
    }
    if random.chance(25) {
        return pairs::pair(random);
    }
    let mut draft = match random.below(14) {
        12 | 13 => soup(random),
        0..6 => other_form(random),
        6 | 7 => merge(random),
        8 | 9 => own_column(random),
        10 => constraint(random),
        11 => removal(random),
        _ => unreachable!("below"),
    };
    match random.below(8) {
        0..5 => {}
        5 | 6 => spoil(random, &mut draft),
        _ => (0..2).for_each(|_| spoil(random, &mut draft)),
    }
    draft
}

fn spoil(random: &mut Random, draft: &mut Draft) {
    let count = draft.statements.len();
    if count < 2 {
        return;
    }
    let (one, other) = (random.below(count), random.below(count));
    match random.below(3) {
        0 => {
            draft.statements.remove(one);
        }
        1 => draft.statements.swap(one, other),
        _ => {
            let moved = draft.statements.remove(one);
            draft.statements.insert(other.min(draft.statements.len()), moved);
        }
    }
}

pub fn filled(expression: &str, column: &str) -> String {
    expression.replace("{}", column)
}

/// What a new column has beside its type.
fn additions(random: &mut Random, ty: &str) -> String {
    let mut line = String::new();
    if random.chance(12) {
        write!(line, " default {}", pools::literal(random, ty)).unwrap();
        if random.chance(40) {
            line.insert_str(0, " not null");
        }
    }
    if random.chance(8) && ty != "jsonb" {
        line.push_str(" unique");
    }
    line
}

/// Statements that bind a column, and those that validate them.
fn bindings(random: &mut Random, column: &str, ty: &str) -> (Vec<String>, Vec<String>) {
    let (mut adds, mut validates) = (Vec::new(), Vec::new());
    if random.chance(20) {
        adds.push(format!("expand add check k_{column} ({}) on t", filled(*random.pick(pools::checks(ty)), column)));
        if random.chance(70) {
            validates.push(format!("migrate validate check k_{column}"));
        }
    }
    if random.chance(20) {
        if random.below(3) == 0 {
            validates.push(format!("contract set not null {column}"));
        } else {
            adds.push(format!("expand add not null {column}"));
            validates.push(format!("migrate validate not null {column}"));
        }
    }
    if random.chance(8) && ty != "jsonb" {
        let unique = format!("expand add unique u_{column} ({column})");
        if random.chance(50) { adds.push(unique) } else { validates.insert(0, unique) }
    }
    if random.chance(5) {
        adds.push(format!("expand set default {column} {}", pools::literal(random, ty)));
    }
    (adds, validates)
}

/// A pair of types between which there are expressions.
fn pair(random: &mut Random) -> (&'static str, &'static str) {
    loop {
        let from = any_type(random);
        let to = if random.chance(40) { from } else { any_type(random) };
        if !pools::expressions(from, to).is_empty() {
            return (from, to);
        }
    }
}

fn other_form(random: &mut Random) -> Draft {
    let (from, to) = pair(random);
    let mut columns = Vec::new();
    let a = start(random, "a", from, &mut columns);
    let with_b = random.chance(30);
    let b = with_b.then(|| {
        let ty = any_type(random);
        start(random, "b", ty, &mut columns)
    });
    let there = filled(*random.pick(pools::expressions(from, to)), a);
    let back = match pools::expressions(to, from) {
        [] => None,
        some => Some(filled(*random.pick(some), "d")),
    };
    let mut validates_later = Vec::new();
    let mut statements = vec![format!("expand add column d {to}{}", additions(random, to))];
    let plain = there == "a";
    match random.below(10) {
        0..4 if plain && from == to => statements.push("expand sync a <-> d".into()),
        0..7 => {
            statements.push(format!("expand sync d from {there}"));
            if let Some(back) = back.filter(|_| random.chance(80)) {
                statements.push(format!("expand sync a from {back}"));
            }
        }
        7 | 8 => statements.push(format!("expand sync d from {there}")),
        _ => {}
    }
    let (adds, validates) = bindings(random, "d", to);
    statements.extend(adds);
    let filled_with = if random.chance(90) { there } else { filled(*random.pick(pools::expressions(from, to)), "a") };
    let filter = match random.below(12) {
        0 => " where d is null",
        1 => " where a is not null",
        2 => " where d is distinct from a",
        _ => "",
    };
    let filter = if from != to && filter.contains("distinct") { "" } else { filter };
    statements.push(format!("migrate backfill d from {filled_with}{filter}"));
    statements.extend(validates);
    if let Some(b) = b
        && random.chance(20)
    {
        let other = columns[1].split(' ').nth(1).unwrap_or_default().to_owned();
        let other = pools::TYPES.iter().find(|ty| ty.starts_with(&other)).copied().unwrap_or("text");
        let (one, at) = if random.chance(50) { ("a", from) } else { ("d", to) };
        let check = random.pick(pools::pair_checks(at, other)).replace("{a}", one).replace("{b}", b);
        if one == "a" && random.chance(50) {
            columns.push(format!("check ({check})"));
        } else {
            statements.push(format!("expand add check both ({check}) on t"));
            if random.chance(60) {
                validates_later.push("migrate validate check both".to_owned());
            }
        }
    }
    let b = b.unwrap_or_default();
    let with = |column: &'static str| if b.is_empty() { vec![column] } else { vec![column, b] };
    statements.extend(validates_later);
    let apps = vec![app(random, "v1", &with("a")), app(random, "v2", &with("d"))];
    if random.chance(20) && columns[0].contains("not null") {
        statements.push("expand drop not null a".into());
    }
    statements.push("deploy v2".into());
    if random.chance(85) {
        statements.push("retire v1".into());
        if random.chance(85) {
            statements.push("contract drop column a".into());
        }
    }
    Draft { whole: false, columns, apps, statements }
}

fn merge(random: &mut Random) -> Draft {
    let ty = any_type(random);
    let mut columns = Vec::new();
    start(random, "a", ty, &mut columns);
    start(random, "b", ty, &mut columns);
    let value = random.pick(pools::merges(ty)).replace("{a}", "a").replace("{b}", "b");
    let mut statements = vec![format!("expand add column d {ty}{}", additions(random, ty))];
    if random.chance(90) {
        statements.push(format!("expand sync d from {value}"));
    }
    if ty == "text" && random.chance(60) {
        statements.push("expand sync a from split_part(d, ' ', 1)".into());
        statements.push("expand sync b from split_part(d, ' ', 2)".into());
    }
    let (adds, validates) = bindings(random, "d", ty);
    statements.extend(adds);
    statements.push(format!("migrate backfill d from {value}"));
    statements.extend(validates);
    let second = if random.chance(50) { app(random, "v2", &["d"]) } else { "app v2 { reads d }".to_owned() };
    let apps = vec![app(random, "v1", &["a", "b"]), second];
    statements.push("deploy v2".into());
    if random.chance(50) {
        statements.push("retire v1".into());
        if random.chance(40) {
            statements.push("contract drop column a".into());
            statements.push("contract drop column b".into());
        }
    }
    Draft { whole: false, columns, apps, statements }
}

fn own_column(random: &mut Random) -> Draft {
    let (ty, other) = (any_type(random), any_type(random));
    let mut columns = Vec::new();
    start(random, "a", other, &mut columns);
    let mut line = format!("expand add column d {ty}");
    match random.below(5) {
        0 => {}
        1 | 2 => write!(line, " default {}", pools::literal(random, ty)).unwrap(),
        3 => write!(line, " not null default {}", pools::literal(random, ty)).unwrap(),
        _ => line.push_str(&additions(random, ty)),
    }
    let mut statements = vec![line];
    let (adds, validates) = bindings(random, "d", ty);
    statements.extend(adds);
    match random.below(4) {
        0 if !pools::expressions(other, ty).is_empty() => {
            let value = filled(*random.pick(pools::expressions(other, ty)), "a");
            statements.push(format!("migrate seed d from {value}"));
        }
        1 => statements.push(format!("migrate backfill d from {} where d is null", pools::literal(random, ty))),
        _ => {}
    }
    statements.extend(validates);
    let at = random.below(statements.len()) + 1;
    let end = statements.len();
    statements.insert(if random.chance(60) { end } else { at }, "deploy v2".into());
    if random.chance(60) {
        statements.push("retire v1".into());
    }
    let apps = vec![app(random, "v1", &["a"]), app(random, "v2", &["a", "d"])];
    Draft { whole: false, columns, apps, statements }
}

fn constraint(random: &mut Random) -> Draft {
    let ty = any_type(random);
    let mut columns = Vec::new();
    start(random, "a", ty, &mut columns);
    let mut statements = Vec::new();
    let (adds, validates) = bindings(random, "a", ty);
    if random.chance(60) {
        statements.extend(["deploy v2".to_owned(), "retire v1".to_owned()]);
    }
    statements.extend(adds);
    if random.chance(50) {
        let literal = pools::literal(random, ty);
        statements.push(match random.below(3) {
            0 => format!("migrate backfill a from {literal} where a is null"),
            1 => format!("migrate backfill a from coalesce(a, {literal})"),
            _ => format!("migrate seed a from {literal}"),
        });
    }
    statements.extend(validates);
    statements.push(format!("expand set default a {}", pools::literal(random, ty)));
    let apps = vec![app(random, "v1", &["a"]), app(random, "v2", &["a"])];
    if !statements.iter().any(|line| line == "deploy v2") {
        statements.push("deploy v2".into());
    }
    Draft { whole: false, columns, apps, statements }
}

fn removal(random: &mut Random) -> Draft {
    let (one, other) = (any_type(random), any_type(random));
    let mut columns = Vec::new();
    start(random, "a", one, &mut columns);
    start(random, "b", other, &mut columns);
    let mut statements = Vec::new();
    match random.below(4) {
        0 => statements.push("expand drop not null b".to_owned()),
        1 => statements.push(format!("expand set default b {}", pools::literal(random, other))),
        2 if !pools::expressions(other, one).is_empty() => {
            let value = filled(*random.pick(pools::expressions(other, one)), "b");
            statements.push(format!("migrate backfill a from {value} where a is null"));
        }
        _ => {}
    }
    statements.extend(["deploy v2", "retire v1", "contract drop column b"].map(str::to_owned));
    let apps = vec![app(random, "v1", &["a", "b"]), app(random, "v2", &["a"])];
    Draft { whole: false, columns, apps, statements }
}

/// Statements as they come, each likely to find its names.
fn soup(random: &mut Random) -> Draft {
    let mut columns = Vec::new();
    let (one, other) = (any_type(random), any_type(random));
    let mut known = vec![("a", one), ("b", other)];
    start(random, "a", one, &mut columns);
    start(random, "b", other, &mut columns);
    let mut statements = Vec::new();
    let (mut deployed, mut retired) = (false, false);
    for _ in 0..random.below(6) + 3 {
        let (target, ty) = *random.pick(&known);
        let (source, from) = *random.pick(&known);
        let value = match pools::expressions(from, ty) {
            [] => pools::literal(random, ty),
            some => filled(*random.pick(some), source),
        };
        let line = match random.below(16) {
            0..3 if known.len() < 4 => {
                let name = if known.iter().any(|(name, _)| *name == "d") { "e" } else { "d" };
                if known.iter().any(|(known, _)| *known == name) {
                    continue;
                }
                let (near, like) = *random.pick(&known);
                let ty = if random.chance(50) { like } else { any_type(random) };
                known.push((name, ty));
                let line = format!("expand add column {name} {ty}{}", additions(random, ty));
                if like == ty && random.chance(60) {
                    statements.push(line);
                    statements.push(format!("expand sync {near} <-> {name}"));
                    format!("migrate backfill {name} from {near}")
                } else {
                    line
                }
            }
            0..5 => format!("expand sync {target} from {value}"),
            5..7 => format!("migrate backfill {target} from {value}"),
            7 => format!("migrate backfill {target} from {value} where {target} is null"),
            8 => format!("migrate seed {target} from {value}"),
            9 => format!("expand set default {target} {}", pools::literal(random, ty)),
            10 => format!("expand add not null {target}"),
            11 => format!("expand drop not null {target}"),
            12 => format!("expand add check k_{target} ({})", filled(*random.pick(pools::checks(ty)), target)),
            13 if !deployed => {
                deployed = true;
                "deploy v2".to_owned()
            }
            14 if deployed && !retired => {
                retired = true;
                "retire v1".to_owned()
            }
            15 if known.len() > 2 => {
                known.retain(|(name, _)| *name != target);
                format!("contract drop column {target}")
            }
            _ => continue,
        };
        statements.push(line);
    }
    if !deployed {
        statements.push("deploy v2".to_owned());
    }
    let new: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let apps = vec![app(random, "v1", &["a", "b"]), app(random, "v2", &new)];
    Draft { whole: false, columns, apps, statements }
}
