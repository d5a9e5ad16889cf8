//! Random plans: good ones, good ones spoilt a little, and statements in any order.

use super::random::Random;

/// A script in lines, so that lines can be left out.
#[derive(Clone, Debug)]
pub struct Draft {
    pub columns: Vec<String>,
    /// `app v1 { … }` lines.
    pub apps: Vec<String>,
    pub statements: Vec<String>,
}

/// More statements make a plan too large to be searched in good time.
pub const MOST_STATEMENTS: usize = 9;

impl Draft {
    pub fn text(&self) -> String {
        let mut text = format!("table t {{\n    id integer primary key\n    {}\n}}\n", self.columns.join("\n    "));
        for line in self.apps.iter().chain(&self.statements) {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// It adds a check. A backfill of PostgreSQL leaves a row alone that holds the value already, so that nothing is held
    /// against the check there, where memory looks at the row.
    pub fn adds_a_check(&self) -> bool {
        self.statements.iter().any(|line| line.contains("add check"))
    }

    /// The same with one line less, for each line.
    pub fn smaller(&self) -> impl Iterator<Item = Self> + '_ {
        let without = |list: &Vec<String>, at: usize| [&list[..at], &list[at + 1..]].concat();
        let statements = (0..self.statements.len())
            .map(move |at| Self { statements: without(&self.statements, at), ..self.clone() });
        let apps = (0..self.apps.len()).map(move |at| Self { apps: without(&self.apps, at), ..self.clone() });
        let columns =
            (0..self.columns.len()).map(move |at| Self { columns: without(&self.columns, at), ..self.clone() });
        let uses = (0..self.apps.len()).flat_map(move |at| {
            let fewer = fewer_uses(&self.apps[at]);
            fewer.into_iter().map(move |app| {
                let mut apps = self.apps.clone();
                apps[at] = app;
                Self { apps, ..self.clone() }
            })
        });
        statements.chain(apps).chain(columns).chain(uses)
    }
}

/// An application line with one column less, for each column.
fn fewer_uses(app: &str) -> Vec<String> {
    let words: Vec<&str> = app.split_whitespace().collect();
    let is_column = |word: &str| !["app", "reads", "writes", "uses", "{", "}"].contains(&word);
    let mut fewer = Vec::new();
    for at in (2..words.len()).filter(|at| is_column(words[*at])) {
        let mut left = words.clone();
        left.remove(at);
        let text = left.join(" ");
        fewer.push(
            text.replace(", writes", " writes")
                .replace(", }", " }")
                .replace("reads writes", "writes")
                .replace("writes }", "}"),
        );
    }
    fewer
}

/// A random plan.
pub fn draft(random: &mut Random) -> Draft {
    let mut draft = match random.below(10) {
        0 | 1 => rename(random),
        2 => dual_writing(random),
        3 => chain(random),
        4 => merge(random),
        5 => split(random),
        6 => new_column(random),
        7 => removal(random),
        _ => soup(random),
    };
    match random.below(8) {
        0..3 => {}
        3..6 => spoil(random, &mut draft),
        6 => (0..2).for_each(|_| spoil(random, &mut draft)),
        _ => (0..3).for_each(|_| spoil(random, &mut draft)),
    }
    draft.statements.truncate(MOST_STATEMENTS);
    draft
}

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn start_column(random: &mut Random, name: &str) -> String {
    match random.below(10) {
        0..5 => format!("{name} text not null"),
        5..8 => format!("{name} text"),
        8 => format!("{name} text not null default 'q'"),
        _ => format!("{name} text default 'q'"),
    }
}

fn app(name: &str, reads: &[&str], writes: &[&str]) -> String {
    let clause = |word: &str, columns: &[&str]| {
        if columns.is_empty() { String::new() } else { format!(" {word} {}", columns.join(", ")) }
    };
    format!("app {name} {{{}{} }}", clause("reads", reads), clause("writes", writes))
}

/// Sometimes not everything that is read is written, or the other way round.
fn uses(random: &mut Random, name: &str, columns: &[&str]) -> String {
    match random.below(8) {
        0 => {
            let reads: Vec<&str> = columns.iter().filter(|_| random.chance(70)).copied().collect();
            let writes: Vec<&str> = columns.iter().filter(|_| random.chance(70)).copied().collect();
            app(name, &reads, &writes)
        }
        1 => app(name, columns, &[]),
        _ => app(name, columns, columns),
    }
}

fn rename(random: &mut Random) -> Draft {
    let columns = vec![start_column(random, "a"), start_column(random, "b")];
    let with_b = random.chance(40);
    let (old, new): (&[&str], &[&str]) = if with_b { (&["a", "b"], &["d", "b"]) } else { (&["a"], &["d"]) };
    let mut statements = lines(&["expand add column d text"]);
    let (there, back) = *random.pick(&[("a", "d"), ("a", "d"), ("upper(a)", "lower(d)"), ("coalesce(a, 'x')", "d")]);
    match random.below(6) {
        0..3 if there == "a" => statements.push("expand sync a <-> d".into()),
        3 => statements.push(format!("expand sync d from {there}")),
        4 => {}
        _ => {
            statements.push(format!("expand sync d from {there}"));
            statements.push(format!("expand sync a from {back}"));
        }
    }
    let filter = *random.pick(&["", "", "", " where d is null", " where a is not null"]);
    statements.push(format!("migrate backfill d from {there}{filter}"));
    match random.below(6) {
        0 => statements.push("contract set not null d".into()),
        1 => {
            statements.insert(1, "expand add not null d".into());
            statements.push("migrate validate not null d".into());
        }
        3 => {
            let at = random.below(statements.len()) + 1;
            statements.insert(at, "expand add check given_d (d is not null)".into());
            if random.chance(60) {
                statements.push("migrate validate check given_d".into());
            }
        }
        2 => statements.push("contract drop not null a".into()),
        _ => {}
    }
    statements.extend(lines(&["deploy v2", "retire v1", "contract drop column a"]));
    Draft { columns, apps: vec![uses(random, "v1", old), uses(random, "v2", new)], statements }
}

fn dual_writing(random: &mut Random) -> Draft {
    let apps = vec![
        app("v1", &["a"], &["a"]),
        app("v2", &["a"], &["a", "d"]),
        app("v3", &["d"], &["a", "d"]),
        app("v4", &["d"], &["d"]),
    ];
    let statements = lines(&[
        "expand add column d text",
        "deploy v2",
        "retire v1",
        "migrate backfill d from a",
        "deploy v3",
        "retire v2",
        "deploy v4",
        "retire v3",
        "contract drop column a",
    ]);
    let mut draft = Draft { columns: vec![start_column(random, "a")], apps, statements };
    if random.chance(40) {
        draft.statements.splice(5..8, lines(&["retire v2", "contract drop not null a", "deploy v4", "retire v3"]));
        draft.statements.remove(6);
    }
    draft
}

fn chain(random: &mut Random) -> Draft {
    let columns = vec![start_column(random, "a")];
    let mut statements = lines(&["expand add column d text", "expand add column e text"]);
    for (from, to) in [("a", "d"), ("d", "e")] {
        let value = *random.pick(&["{}", "upper({})", "lower({})", "coalesce({}, 'x')"]);
        let value = value.replace("{}", from);
        match random.below(5) {
            0..3 => statements.push(format!("expand sync {from} <-> {to}")),
            3 => statements.push(format!("expand sync {to} from {value}")),
            _ => {}
        }
        statements.push(format!("migrate backfill {to} from {value}"));
    }
    statements.extend(lines(&["deploy v2", "retire v1"]));
    if random.chance(50) {
        statements.push("contract drop column a".into());
    }
    let news: [&[&str]; 3] = [&["e"], &["d", "e"], &["d"]];
    let new = news[random.below(news.len())];
    Draft { columns, apps: vec![uses(random, "v1", &["a"]), uses(random, "v2", new)], statements }
}

fn merge(random: &mut Random) -> Draft {
    let columns = vec![start_column(random, "a"), start_column(random, "b")];
    let value =
        *random.pick(&["a || ' ' || b", "a || ' ' || b", "a || b", "coalesce(a, 'x') || ' ' || coalesce(b, 'x')"]);
    let mut statements = lines(&["expand add column full_name text"]);
    statements.push(format!("expand sync full_name from {value}"));
    if random.chance(75) {
        statements.push("expand sync a from split_part(full_name, ' ', 1)".into());
        statements.push("expand sync b from split_part(full_name, ' ', 2)".into());
    }
    statements.push(format!("migrate backfill full_name from {value}"));
    statements.extend(lines(&["deploy v2", "retire v1", "contract drop column a"]));
    if random.chance(60) {
        statements.push("contract drop column b".into());
    }
    Draft { columns, apps: vec![uses(random, "v1", &["a", "b"]), uses(random, "v2", &["full_name"])], statements }
}

fn split(random: &mut Random) -> Draft {
    let columns = vec![start_column(random, "full_name")];
    let mut statements = lines(&["expand add column d text", "expand add column e text"]);
    if random.chance(80) {
        statements.push("expand sync d from split_part(full_name, ' ', 1)".into());
        statements.push("expand sync e from split_part(full_name, ' ', 2)".into());
    }
    if random.chance(70) {
        statements.push("expand sync full_name from d || ' ' || e".into());
    }
    statements.push("migrate backfill d from split_part(full_name, ' ', 1)".into());
    statements.push("migrate backfill e from split_part(full_name, ' ', 2)".into());
    statements.extend(lines(&["deploy v2", "retire v1"]));
    Draft { columns, apps: vec![uses(random, "v1", &["full_name"]), uses(random, "v2", &["d", "e"])], statements }
}

fn new_column(random: &mut Random) -> Draft {
    let columns = vec![start_column(random, "a"), start_column(random, "b")];
    let add = *random.pick(&[
        "expand add column d text",
        "expand add column d text default 'z'",
        "expand add column d text not null default 'z'",
        "expand add column d integer default 7",
    ]);
    let mut statements = lines(&[add]);
    let fill = *random.pick(&[
        "",
        "migrate seed d from a",
        "migrate seed d from a where b is not null",
        "migrate backfill d from 'y' where d is null",
    ]);
    if !fill.is_empty() && !add.contains("integer") {
        statements.push(fill.into());
    }
    let bind = *random.pick(&["", "expand add not null d", "contract set not null d", "expand set default d 'k'"]);
    if !bind.is_empty() && !add.contains("integer") {
        let at = random.below(statements.len()) + 1;
        statements.insert(at, bind.into());
        if bind == "expand add not null d" && random.chance(60) {
            statements.push("migrate validate not null d".into());
        }
    }
    let at = random.below(statements.len()) + 1;
    statements.insert(at, "deploy v2".into());
    statements.push("retire v1".into());
    Draft { columns, apps: vec![uses(random, "v1", &["a", "b"]), uses(random, "v2", &["a", "d"])], statements }
}

fn removal(random: &mut Random) -> Draft {
    let columns = vec![start_column(random, "a"), start_column(random, "b"), start_column(random, "c")];
    let mut statements = lines(&["deploy v2", "retire v1", "contract drop column b"]);
    match random.below(4) {
        0 => statements.insert(0, "expand drop not null b".into()),
        1 => statements.insert(0, "expand set default b 'k'".into()),
        2 => statements.insert(0, "migrate backfill a from b where a is null".into()),
        _ => {}
    }
    if random.chance(30) {
        statements.push("contract drop column c".into());
    }
    Draft { columns, apps: vec![uses(random, "v1", &["a", "b"]), uses(random, "v2", &["a"])], statements }
}

/// Statements as they come, each likely to find its names.
fn soup(random: &mut Random) -> Draft {
    let count = random.below(3) + 1;
    let mut known: Vec<&str> = ["a", "b", "c"][..count].to_vec();
    let columns: Vec<String> = known.clone().iter().map(|name| start_column(random, name)).collect();
    let versions = random.below(4) + 1;
    let mut idle: Vec<String> = Vec::new();
    let mut live: Vec<String> = Vec::new();
    for version in 1..=versions {
        let name = format!("v{version}");
        if version == 1 || random.chance(15) { live.push(name) } else { idle.push(name) }
    }
    let mut statements = Vec::new();
    for _ in 0..random.below(7) + 2 {
        statements.push(any_statement(random, &mut known, &mut idle, &mut live));
    }
    for name in idle {
        statements.push(format!("deploy {name}"));
    }
    let all = ["a", "b", "c", "d", "e"];
    let starting: Vec<&str> = all[..count].to_vec();
    let mut app_line = |version: usize| {
        let pool = if version == 1 || known.is_empty() { &starting } else { &known };
        let some = |random: &mut Random| pool.iter().filter(|_| random.chance(55)).copied().collect::<Vec<_>>();
        let (reads, writes) = (some(random), some(random));
        app(&format!("v{version}"), &reads, &writes)
    };
    let apps = (1..=versions).map(&mut app_line).collect();
    Draft { columns, apps, statements }
}

fn any_statement(random: &mut Random, known: &mut Vec<&str>, idle: &mut Vec<String>, live: &mut Vec<String>) -> String {
    let target = if known.is_empty() { "a" } else { *random.pick(known) };
    match random.below(16) {
        0 | 1 => match ["d", "e"].into_iter().find(|name| !known.contains(name)) {
            Some(name) => {
                known.push(name);
                let rest = *random.pick(&["", "", "", " default 'z'", " not null default 'z'"]);
                format!("expand add column {name} text{rest}")
            }
            None => format!("expand drop not null {target}"),
        },
        2 | 3 => format!("expand sync {target} from {}", value(random, known)),
        4 => format!("expand sync {target} <-> {}", random.pick(known)),
        5..8 => format!("migrate backfill {target} from {}{}", value(random, known), filter(random, known)),
        8 => format!("migrate seed {target} from {}{}", value(random, known), filter(random, known)),
        9 | 10 if !idle.is_empty() => {
            let app = idle.remove(0);
            live.push(app.clone());
            format!("deploy {app}")
        }
        11 if !live.is_empty() => format!("retire {}", live.remove(0)),
        12 if known.len() > 1 => {
            known.retain(|name| *name != target);
            format!("contract drop column {target}")
        }
        13 => bind(random, target),
        14 => {
            let other = random.pick(known);
            let forms = [format!("contract drop sync {target} <-> {other}"), format!("contract drop sync {target}")];
            random.pick(&forms).clone()
        }
        _ => format!("expand drop not null {target}"),
    }
}

fn bind(random: &mut Random, target: &str) -> String {
    let form = *random.pick(&[
        "contract set not null {}",
        "expand add not null {}",
        "migrate validate not null {}",
        "expand drop not null {}",
        "expand set default {} 'k'",
        "contract drop default {}",
        "expand add check given_{} ({} is not null)",
        "migrate validate check given_{}",
    ]);
    form.replace("{}", target)
}

fn value(random: &mut Random, known: &[&str]) -> String {
    let one = *random.pick(known);
    let other = *random.pick(known);
    match random.below(9) {
        0..4 => one.to_owned(),
        4 => format!("upper({one})"),
        5 => format!("lower({one})"),
        6 => format!("{one} || {other}"),
        7 => format!("coalesce({one}, 'x')"),
        _ => "'y'".to_owned(),
    }
}

fn filter(random: &mut Random, known: &[&str]) -> String {
    match random.below(4) {
        0 => format!(" where {} is null", random.pick(known)),
        1 => format!(" where {} is not null", random.pick(known)),
        _ => String::new(),
    }
}

/// Changes a plan a little, mostly for the worse.
fn spoil(random: &mut Random, draft: &mut Draft) {
    let count = draft.statements.len();
    if count == 0 {
        return;
    }
    let at = random.below(count);
    match random.below(9) {
        0..3 => {
            draft.statements.remove(at);
        }
        3..5 if at + 1 < count => draft.statements.swap(at, at + 1),
        5 => {
            let other = random.below(count);
            draft.statements.swap(at, other);
        }
        6 => {
            let again = draft.statements[at].clone();
            let other = random.below(count + 1);
            draft.statements.insert(other, again);
        }
        7 => {
            let mut known = vec!["a", "b", "d"];
            let (mut idle, mut live) = (Vec::new(), Vec::new());
            let new = any_statement(random, &mut known, &mut idle, &mut live);
            draft.statements.insert(at, new);
        }
        _ => {
            let one = random.below(draft.apps.len());
            let fewer = fewer_uses(&draft.apps[one]);
            if !fewer.is_empty() {
                draft.apps[one].clone_from(random.pick(&fewer));
            }
        }
    }
}
